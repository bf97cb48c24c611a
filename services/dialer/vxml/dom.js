// XML as a script of VoiceXML 2.1 sees it (section 5.1, appendix D): the part of DOM Level 2 that reads. What a document
// holds comes as a list. An element is [name, namespace or null, [[attribute, value, namespace or null], ...], [child,
// ...]], a text a string, a CDATA section { section }, a comment { comment }, an instruction { target, data }.
(function () {
  const { defineProperty, freeze } = Object;
  const KINDS = { ELEMENT: 1, ATTRIBUTE: 2, TEXT: 3, CDATA_SECTION: 4, PROCESSING_INSTRUCTION: 7, COMMENT: 8, DOCUMENT: 9 };
  const { ELEMENT, ATTRIBUTE, TEXT, CDATA_SECTION, PROCESSING_INSTRUCTION, COMMENT, DOCUMENT } = KINDS;
  const NAMED = [ELEMENT, ATTRIBUTE];
  const XML = "http://www.w3.org/XML/1998/namespace";
  const local = (name) => name.slice(name.indexOf(":") + 1);
  const isAny = (wanted, name) => wanted === "*" || wanted === name;

  const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  const escaped = (text, signs) => text.replace(signs, (sign) => SIGNS[sign] ?? `&#${sign.charCodeAt(0)};`);
  const quoted = (text) => `"${escaped(text, /[&<"\t\n\r]/g)}"`;

  // Return a node as XML; `known` are the namespaces that are declared around it, by prefix.
  function written(node, known) {
    const content = (seen) => Array.from(node.childNodes, (child) => written(child, seen)).join("");
    switch (node.nodeType) {
      case DOCUMENT:
        return content(known);
      case TEXT:
        return escaped(node.nodeValue, /[&<>\r]/g);
      case CDATA_SECTION:
        return `<![CDATA[${node.nodeValue}]]>`;
      case COMMENT:
        return `<!--${node.nodeValue}-->`;
      case PROCESSING_INSTRUCTION:
        return `<?${node.target}${node.data && ` ${node.data}`}?>`;
    }
    const seen = { ...known };
    const said = Array.from(node.attributes, ({ name, value }) => ` ${name}=${quoted(value)}`);
    for (const { prefix, namespaceURI } of [node, ...Array.from(node.attributes).filter((each) => each.prefix)]) {
      if ((seen[prefix ?? ""] ?? "") === (namespaceURI ?? "")) continue;
      seen[prefix ?? ""] = namespaceURI ?? "";
      said.push(` xmlns${prefix ? `:${prefix}` : ""}=${quoted(namespaceURI ?? "")}`);
    }
    return `<${node.tagName}${said.join("")}>${content(seen)}</${node.tagName}>`;
  }

  class DOMException extends Error {
    constructor(code, message) {
      super(message);
      this.code = code;
    }
  }
  DOMException.INDEX_SIZE_ERR = DOMException.prototype.INDEX_SIZE_ERR = 1;

  class NodeList extends Array {
    item(at) {
      return this[at] ?? null;
    }
    static of(nodes) {
      const list = new this();
      for (const node of nodes) list[list.length] = node;
      return freeze(list);
    }
  }
  const NONE = NodeList.of([]);

  class NamedNodeMap extends NodeList {
    getNamedItem(name) {
      return this.find((each) => each.nodeName === name) ?? null;
    }
    getNamedItemNS(namespace, name) {
      const wanted = namespace || null;
      return this.find((each) => each.namespaceURI === wanted && each.localName === name) ?? null;
    }
  }

  class Node {
    #at;
    constructor(nodeType, nodeName, nodeValue, parentNode, ownerDocument, at) {
      Object.assign(this, { nodeType, nodeName, nodeValue });
      for (const [key, value] of [["parentNode", parentNode], ["ownerDocument", ownerDocument]]) {
        defineProperty(this, key, { value }); // not enumerable: a circle could not be told as JSON
      }
      this.#at = at;
    }
    get childNodes() {
      return NONE;
    }
    get attributes() {
      return null;
    }
    get namespaceURI() {
      return null;
    }
    get firstChild() {
      return this.childNodes.item(0);
    }
    get lastChild() {
      return this.childNodes.item(this.childNodes.length - 1);
    }
    get nextSibling() {
      return this.parentNode?.childNodes.item(this.#at + 1) ?? null;
    }
    get previousSibling() {
      return this.parentNode?.childNodes.item(this.#at - 1) ?? null;
    }
    get localName() {
      return NAMED.includes(this.nodeType) ? local(this.nodeName) : null;
    }
    get prefix() {
      const end = NAMED.includes(this.nodeType) ? this.nodeName.indexOf(":") : -1;
      return end < 0 ? null : this.nodeName.slice(0, end);
    }
    hasChildNodes() {
      return this.childNodes.length > 0;
    }
    hasAttributes() {
      return (this.attributes ?? NONE).length > 0;
    }
    toString() {
      return this.nodeValue;
    }
  }
  for (const kind in KINDS) Node[`${kind}_NODE`] = Node.prototype[`${kind}_NODE`] = KINDS[kind];

  class CharacterData extends Node {
    get data() {
      return this.nodeValue;
    }
    get length() {
      return this.nodeValue.length;
    }
    substringData(offset, count) {
      if (!(offset >= 0 && offset <= this.length && count >= 0)) {
        throw new DOMException(DOMException.INDEX_SIZE_ERR, "the offset is outside of the text");
      }
      return this.nodeValue.slice(offset, offset + count);
    }
  }

  class Instruction extends Node {
    get target() {
      return this.nodeName;
    }
    get data() {
      return this.nodeValue;
    }
  }

  class Attr extends Node {
    constructor([name, value, namespace], element, document) {
      super(ATTRIBUTE, name, value, null, document, 0);
      Object.assign(this, { name, value });
      for (const [key, known] of [["ownerElement", element], ["namespaceURI", namespace]]) {
        defineProperty(this, key, { value: known });
      }
      freeze(this);
    }
    get specified() {
      return true;
    }
    get childNodes() {
      return NodeList.of([freeze(new CharacterData(TEXT, "#text", this.value, this, this.ownerDocument, 0))]);
    }
  }

  class Parent extends Node {
    toString() {
      return written(this, { xml: XML }); // as which a namelist sends it
    }
    getElementsByTagName(name) {
      return this.#below((each) => isAny(name, each.nodeName));
    }
    getElementsByTagNameNS(namespace, name) {
      const wanted = namespace || null;
      return this.#below((each) => isAny(wanted, each.namespaceURI) && isAny(name, each.localName));
    }
    #below(isWanted) {
      const found = [];
      const waiting = [...this.childNodes].reverse();
      while (waiting.length > 0) {
        const node = waiting.pop();
        if (node.nodeType !== ELEMENT) continue;
        if (isWanted(node)) found.push(node);
        for (let at = node.childNodes.length - 1; at >= 0; at--) waiting.push(node.childNodes[at]);
      }
      return NodeList.of(found);
    }
  }

  class Element extends Parent {
    constructor([name, namespace, attributes, children], parent, document, at) {
      super(ELEMENT, name, null, parent, document, at);
      const known = {
        tagName: name,
        namespaceURI: namespace,
        attributes: NamedNodeMap.of(attributes.map((each) => new Attr(each, this, document))),
        childNodes: NodeList.of(children.map((child, at) => nodeOf(child, this, document, at))),
      };
      for (const key in known) defineProperty(this, key, { value: known[key], enumerable: true });
      freeze(this);
    }
    getAttributeNode(name) {
      return this.attributes.getNamedItem(name);
    }
    getAttributeNodeNS(namespace, name) {
      return this.attributes.getNamedItemNS(namespace, name);
    }
    getAttribute(name) {
      return this.getAttributeNode(name)?.value ?? "";
    }
    getAttributeNS(namespace, name) {
      return this.getAttributeNodeNS(namespace, name)?.value ?? "";
    }
    hasAttribute(name) {
      return this.getAttributeNode(name) !== null;
    }
    hasAttributeNS(namespace, name) {
      return this.getAttributeNodeNS(namespace, name) !== null;
    }
  }

  class Document extends Parent {
    constructor(children) {
      super(DOCUMENT, "#document", null, null, null, 0);
      const nodes = NodeList.of(children.map((child, at) => nodeOf(child, this, this, at)));
      defineProperty(this, "childNodes", { value: nodes, enumerable: true });
      defineProperty(this, "documentElement", { value: nodes.find((each) => each.nodeType === ELEMENT) });
      freeze(this);
    }
    getElementById(id) {
      const isIt = (each) => each.getAttributeNS(XML, "id") === id;
      return this.getElementsByTagName("*").find(isIt) ?? null;
    }
  }

  function nodeOf(tree, parent, document, at) {
    const characters = (kind, name, data) => freeze(new CharacterData(kind, name, data, parent, document, at));
    if (typeof tree === "string") return characters(TEXT, "#text", tree);
    if (Array.isArray(tree)) return new Element(tree, parent, document, at);
    if ("section" in tree) return characters(CDATA_SECTION, "#cdata-section", tree.section);
    if ("comment" in tree) return characters(COMMENT, "#comment", tree.comment);
    return freeze(new Instruction(PROCESSING_INSTRUCTION, tree.target, tree.data, parent, document, at));
  }

  for (const [name, value] of Object.entries({ Node, DOMException })) defineProperty(globalThis, name, { value });
  return (children) => new Document(children);
})();
