// XML as a script of VoiceXML 2.1 sees it (section 5.1, appendix D): the part of DOM Level 2 that reads. A tree comes as
// [name, namespace or null, [[attribute, value], ...], [child, ...]], a text as a string.
(function () {
  const { defineProperty, freeze } = Object;
  const ELEMENT = 1;
  const ATTRIBUTE = 2;
  const TEXT = 3;
  const DOCUMENT = 9;
  const local = (name) => name.slice(name.indexOf(":") + 1);

  class NodeList extends Array {
    item(at) {
      return this[at] ?? null;
    }
    static of(nodes) {
      const list = new NodeList();
      for (const node of nodes) list[list.length] = node;
      return freeze(list);
    }
  }

  class Node {
    constructor(nodeType, nodeName, nodeValue, parentNode, ownerDocument) {
      Object.assign(this, { nodeType, nodeName, nodeValue });
      for (const [key, value] of [["parentNode", parentNode], ["ownerDocument", ownerDocument]]) {
        defineProperty(this, key, { value }); // not enumerable: a circle could not be told as JSON
      }
    }
    get firstChild() {
      return this.childNodes.item(0);
    }
    get lastChild() {
      return this.childNodes.item(this.childNodes.length - 1);
    }
    get nextSibling() {
      return this.sibling(1);
    }
    get previousSibling() {
      return this.sibling(-1);
    }
    get localName() {
      return local(this.nodeName);
    }
    get data() {
      return this.nodeValue;
    }
    get length() {
      return this.nodeValue === null ? undefined : this.nodeValue.length;
    }
    sibling(by) {
      const siblings = this.nodeType === ATTRIBUTE || !this.parentNode ? [] : this.parentNode.childNodes;
      return siblings[siblings.indexOf(this) + by] ?? null;
    }
    hasChildNodes() {
      return this.childNodes.length > 0;
    }
    hasAttributes() {
      return (this.attributes ?? []).length > 0;
    }
    getElementsByTagName(name) {
      const found = [];
      for (const child of this.childNodes) {
        if (child.nodeType !== ELEMENT) continue;
        if (name === "*" || child.nodeName === name) found.push(child);
        found.push(...child.getElementsByTagName(name));
      }
      return NodeList.of(found);
    }
    toString() {
      return this.nodeValue ?? `[object ${this.nodeName}]`;
    }
  }

  class Element extends Node {
    constructor([name, namespaceURI, attributes, children], parent, document) {
      super(ELEMENT, name, null, parent, document);
      this.tagName = name;
      this.namespaceURI = namespaceURI;
      this.attributes = NodeList.of(attributes.map(([key, value]) => attribute(key, value, this, document)));
      this.childNodes = NodeList.of(children.map((child) => nodeOf(child, this, document)));
      freeze(this);
    }
    getAttributeNode(name) {
      return this.attributes.find((each) => each.nodeName === name) ?? null;
    }
    getAttribute(name) {
      return this.getAttributeNode(name)?.nodeValue ?? "";
    }
    hasAttribute(name) {
      return this.getAttributeNode(name) !== null;
    }
  }

  function attribute(name, value, element, document) {
    const node = new Node(ATTRIBUTE, name, value, null, document);
    defineProperty(node, "ownerElement", { value: element });
    return freeze(Object.assign(node, { name, value, childNodes: NodeList.of([]) }));
  }

  function nodeOf(tree, parent, document) {
    if (typeof tree !== "string") return new Element(tree, parent, document);
    return freeze(Object.assign(new Node(TEXT, "#text", tree, parent, document), { childNodes: NodeList.of([]) }));
  }

  return function documentOf(tree) {
    const document = new Node(DOCUMENT, "#document", null, null, null);
    document.documentElement = new Element(tree, document, document);
    document.childNodes = NodeList.of([document.documentElement]);
    return freeze(document);
  };
})();
