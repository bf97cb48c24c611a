// The scopes of one call. A scope is an object without a prototype; a chain is nested `with` around a direct eval, so
// that names are found innermost first and assignments land where the name is declared (VoiceXML 2.0 section 5.1.2).
(function () {
  const { create, defineProperty, freeze, keys, preventExtensions, values } = Object;
  const stringify = JSON.stringify;
  const string = String;
  const now = Date.now;
  const has = Function.prototype.call.bind(Object.prototype.hasOwnProperty);
  const slice = Function.prototype.call.bind(String.prototype.slice);
  const global = globalThis;
  const documentOf = DOCUMENT_OF; // what dom.js comes to
  const globalEval = eval;
  const scopes = create(null);
  const evaluators = create(null);
  const compiled = create(null);
  let last = 0;
  let spent = 0;
  const MAX_TEXT = 65536;

  // What a chain of so many scopes is compiled to, once: `arguments[0]` is the source. In sight is nothing else of ours.
  function nested(depth) {
    if (!has(compiled, depth)) {
      let source = `return function () { with ($s[${depth - 1}]) return eval(arguments[0]); };`;
      for (let at = depth - 2; at >= 0; at--) source = `with ($s[${at}]) ${source}`;
      compiled[depth] = new Function("$s", source);
    }
    return compiled[depth];
  }

  function evaluator(chain) {
    const key = chain.join();
    if (!has(evaluators, key)) evaluators[key] = nested(chain.length)(chain.map((at) => scopes[at]));
    return evaluators[key];
  }

  const innermost = (chain) => scopes[chain[chain.length - 1]];
  const evaluate = (chain, expression) => evaluator(chain)("(" + expression + "\n)");

  // The names a script declares: hoisting makes them all before the first statement throws.
  function declared(script) {
    try {
      globalEval("throw 0;\n" + script);
    } catch (error) {
      if (error !== 0) throw error;
    }
    const names = {};
    for (const name of keys(global)) {
      names[name] = typeof global[name] === "function";
      delete global[name];
    }
    return names;
  }

  // An assignment to a name that nobody declared makes a global: section 5.1.1 calls it an error.
  function refuseUndeclared() {
    const strays = keys(global);
    if (strays.length === 0) return;
    for (const name of strays) delete global[name];
    throw new ReferenceError(strays[0] + " is not declared");
  }

  function deepFreeze(value) {
    if (typeof value === "object" && value !== null) {
      values(value).forEach(deepFreeze);
      freeze(value);
    }
    return value;
  }

  function text(value) {
    const said = string(value);
    if (said.length > MAX_TEXT) throw new RangeError("the text is too long");
    return said;
  }

  const verbs = {
    __proto__: null,
    open(names) {
      const scope = create(null);
      for (const name of names) defineProperty(scope, name, { value: scope });
      scopes[++last] = scope;
      return string(last);
    },
    close(scope) {
      delete scopes[scope];
      for (const key of keys(evaluators)) if (key.split(",").includes(string(scope))) delete evaluators[key];
    },
    declare(chain, name, expression) {
      innermost(chain)[name] = expression === null ? undefined : evaluate(chain, expression);
    },
    put(scope, name, value, frozen) {
      if (frozen) defineProperty(scopes[scope], name, { value: deepFreeze(value), enumerable: true });
      else scopes[scope][name] = value;
    },
    putDocument(scope, name, tree) {
      scopes[scope][name] = documentOf(tree);
    },
    seal(scope) {
      preventExtensions(scopes[scope]);
    },
    assign(chain, name, expression) {
      if (/^[\w$]+$/.test(name) && !chain.some((at) => has(scopes[at], name))) {
        throw new ReferenceError(name + " is not declared");
      }
      evaluator(chain)('"use strict";' + name + "=(" + expression + "\n)");
    },
    copy(chain, expression, scope, name) {
      scopes[scope][name] = evaluate(chain, expression);
    },
    value(chain, expression) {
      const said = stringify(evaluate(chain, expression));
      if (said === undefined) return "null";
      return text(said);
    },
    text: (chain, expression) => text(evaluate(chain, expression)),
    truth: (chain, expression) => string(!!evaluate(chain, expression)),
    run(chain, script) {
      const scope = innermost(chain);
      const names = declared(script);
      let hoisted = "";
      for (const name of keys(names)) {
        if (names[name]) {
          delete scope[name];
          hoisted += `arguments[1].${name}=${name};`;
        } else if (!has(scope, name)) {
          scope[name] = undefined;
        }
      }
      evaluator(chain)(hoisted + "\n" + script, scope);
    },
  };

  delete global.performance;
  defineProperty(global, "$vxml", {
    value(verb, budget, ...rest) {
      if (spent > budget) return "x";
      const began = now();
      try {
        const answer = verbs[verb](...rest);
        refuseUndeclared();
        return "v" + (answer === undefined ? "null" : answer);
      } catch (error) {
        try {
          return "e" + slice(string(error), 0, 200);
        } catch {
          return "eit threw something that is not printable";
        }
      } finally {
        spent += now() - began;
      }
    },
  });
})();
