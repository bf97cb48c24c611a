// The scopes of one call. A scope is an object without a prototype; a chain is nested `with` around a direct eval, so
// that names are found innermost first and assignments land where the name is declared (VoiceXML 2.0 section 5.1.2).
// `now` is the machine's clock, by which time is counted; `setClock` tells scripts another one, where it is not null.
(function (now, setClock) {
  const { create, defineProperty, freeze, keys, preventExtensions, values } = Object;
  const { getOwnPropertyDescriptor, getOwnPropertyNames, getPrototypeOf, is: isSame, isExtensible } = Object;
  const { isSafeInteger } = Number;
  const { unscopables } = Symbol;
  const stringify = JSON.stringify;
  const string = String;
  const { parseInt, SyntaxError } = globalThis;
  const has = Function.prototype.call.bind(Object.prototype.hasOwnProperty);
  const split = Function.prototype.call.bind(String.prototype.split);
  const join = Function.prototype.call.bind(Array.prototype.join);
  const wellFormed = Function.prototype.call.bind(String.prototype.toWellFormed);
  const slice = Function.prototype.call.bind(String.prototype.slice);
  const global = globalThis;
  let documentOf = null; // what dom.js comes to, when there is a document
  const globalEval = eval;
  const scopes = create(null);
  const evaluators = create(null);
  const compiled = create(null);
  let done = 0; // of what was put off
  const spent = [0, 0]; // milliseconds, of expressions and of scripts
  const AT_LEAST = 0.02; // that one evaluation is counted for: to be asked takes time, too
  const MAX_TEXT = 65536;
  const MAX_WORDS = 150; // of an error
  const MAX_NAMES = 100; // of variables that are told of
  const MAX_TOLD = 200; // characters of a name or value that is told of
  const MOST_TOLD = 8192; // characters of all that is told

  // What a chain of so many scopes is compiled to, once: `arguments[0]` is the source. In sight is nothing else of ours
  // but a name that no variable has (VoiceXML 2.0 section 5.1).
  function nested(depth) {
    if (!has(compiled, depth)) {
      let source = `return function () { with (scopes$[${depth - 1}]) return eval(arguments[0]); };`;
      for (let at = depth - 2; at >= 0; at--) source = `with (scopes$[${at}]) ${source}`;
      compiled[depth] = new Function("scopes$", source);
    }
    return compiled[depth];
  }

  function evaluator(chain) {
    const key = chain.join();
    if (!has(evaluators, key)) evaluators[key] = nested(chain.length)(chain.map((at) => scopes[at]));
    return evaluators[key];
  }

  const innermost = (chain) => scopes[chain[chain.length - 1]];

  // Where the engine finds the bracket out of place that is put behind an expression, nobody has written what it says.
  function finished(expression, evaluated) {
    try {
      return evaluated();
    } catch (error) {
      const beyond = split(expression, "\n").length + 1;
      const isBeyond = error instanceof SyntaxError && lineOf(error, "at <input>:", "\n    at <anonymous>") >= beyond;
      throw isBeyond ? new SyntaxError("it ends too early, or its brackets do not match") : error;
    }
  }

  const evaluate = (chain, expression) => finished(expression, () => evaluator(chain)("(" + expression + "\n)"));

  // Where the first frame of a kind is by the engine's trace, which is text and may be a stranger's, if the frame beside
  // it is of the other kind; else NaN.
  function lineOf(error, frame, beside = "") {
    try {
      const [line, rest] = split(split(string(error.stack), frame)[1], ":");
      return split(rest, beside).length > 1 ? parseInt(line, 10) : NaN;
    } catch {
      return NaN;
    }
  }

  // What is thrown is told with the line of the script, before which there is one of ours.
  function located(frame, evaluated) {
    try {
      return evaluated();
    } catch (error) {
      const line = lineOf(error, frame) - 1;
      throw line > 0 ? `${slice(string(error), 0, MAX_WORDS)} (line ${line} of the script)` : error;
    }
  }

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

  // An object gets a property without any setter's help.
  const own = (object, name, value) =>
    defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true });

  // What is handed out ends at its first NUL, and is none at all with half a pair of characters in it.
  const quoted = (said) => stringify(wellFormed(said));

  function text(value) {
    const said = string(value);
    if (said.length > MAX_TEXT) throw new RangeError("the text is too long");
    return said;
  }

  // What the variables hold, as JSON: of each scope the plain values, and the names of those that are undefined, some
  // other primitive, anything else, and of those that cannot change. There is nothing where reading or setting one might
  // run a script, or where names are found that are not a scope's own. Nothing of the application's can run here: no
  // setter, no `toJSON`, no iterator of arrays. A scope to which nothing can be added is left out.
  function known() {
    const numbers = getOwnPropertyNames(scopes);
    let many = 0;
    let told = "";
    for (let at = 0; at < numbers.length; at++) {
      const scope = scopes[numbers[at]];
      const names = getOwnPropertyNames(scope);
      many += names.length;
      if (many > MAX_NAMES || getPrototypeOf(scope) !== null || has(scope, unscopables)) return "{}";
      const said = toldOf(scope, names);
      if (said === null || told.length + said.length > MOST_TOLD) return "{}";
      if (isExtensible(scope)) told += (told && ",") + '"' + numbers[at] + '":' + said;
    }
    return "{" + told + "}";
  }

  function toldOf(scope, names) {
    const lists = { __proto__: null, plain: "", undefined: "", primitive: "", other: "", fixed: "" };
    for (let at = 0; at < names.length; at++) {
      const property = getOwnPropertyDescriptor(scope, names[at]);
      if (!has(property, "value") || names[at].length > MAX_TOLD) return null;
      const name = quoted(names[at]);
      const kind = kindOf(property.value);
      lists[kind] += (lists[kind] && ",") + name + (kind === "plain" ? ":" + stringify(property.value) : "");
      if (!property.writable) lists.fixed += (lists.fixed && ",") + name;
    }
    return `[{${lists.plain}},[${lists.undefined}],[${lists.primitive}],[${lists.other}],[${lists.fixed}]]`;
  }

  function kindOf(value) {
    switch (typeof value) {
      case "string":
        return value.length <= MAX_TOLD && wellFormed(value) === value ? "plain" : "primitive";
      case "number":
        return isSafeInteger(value) && !isSame(value, -0) ? "plain" : "primitive";
      case "boolean":
        return "plain";
      case "undefined":
        return "undefined";
      default:
        return value === null ? "plain" : "other";
    }
  }

  const verbs = {
    __proto__: null,
    open(number, names) {
      const scope = create(null);
      for (let at = 0; at < names.length; at++) defineProperty(scope, names[at], { __proto__: null, value: scope });
      scopes[number] = scope;
    },
    close(scope) {
      delete scopes[scope];
      for (const key of keys(evaluators)) if (key.split(",").includes(string(scope))) delete evaluators[key];
    },
    declare(chain, name, expression) {
      const scope = innermost(chain);
      if (expression !== null) scope[name] = evaluate(chain, expression);
      else if (!has(scope, name)) scope[name] = undefined; // what it has already stays (section 5.3.1)
    },
    put(scope, name, value, frozen, referring) {
      if (referring !== null && has(value, referring)) value[referring] = value[value[referring]];
      if (frozen) defineProperty(scopes[scope], name, { __proto__: null, value: deepFreeze(value), enumerable: true });
      else scopes[scope][name] = value;
    },
    putDocument(scope, name, tree, dom) {
      documentOf ??= globalEval(dom);
      scopes[scope][name] = documentOf(tree);
    },
    putResult(scope, result) {
      const list = [result];
      for (const property of keys(result)) own(list, property, result[property]);
      scopes[scope].lastresult$ = list;
    },
    copyResult(source, scope, name, properties) {
      const result = scopes[source]?.lastresult$;
      const copy = (scopes[scope][name] = {});
      if (typeof result !== "object" || result === null) return;
      for (const property of properties) own(copy, property, getOwnPropertyDescriptor(result, property)?.value);
    },
    nothing() {},
    seal(scope) {
      preventExtensions(scopes[scope]);
    },
    assign(chain, name, expression) {
      const [first, second, more] = split(join(split(name, "["), "."), ".");
      if (!chain.some((at) => has(scopes[at], first))) throw new ReferenceError(first + " is not declared");
      const owner = second === undefined || more !== undefined ? undefined : evaluate(chain, first);
      if (chain.some((at) => scopes[at] === owner) && !has(owner, second)) {
        throw new ReferenceError(name + " is not declared");
      }
      finished(expression, () => evaluator(chain)('"use strict";' + name + "=(" + expression + "\n)"));
    },
    copy(chain, expression, scope, name) {
      scopes[scope][name] = evaluate(chain, expression);
    },
    value(chain, expression) {
      const said = stringify(evaluate(chain, expression));
      if (said === undefined) return "null";
      return text(said);
    },
    text: (chain, expression) => quoted(text(evaluate(chain, expression))),
    truth: (chain, expression) => string(!!evaluate(chain, expression)),
    run(chain, script) {
      const scope = innermost(chain);
      const names = located("at <input>:", () => declared(script));
      let hoisted = "0;"; // before a 'use strict', which would keep to itself what the script declares
      for (const name of keys(names)) {
        if (names[name]) {
          delete scope[name];
          hoisted += `arguments[1].${name}=${name};`;
        } else if (!has(scope, name)) {
          scope[name] = undefined;
        }
      }
      located("at <eval> (<input>:", () => evaluator(chain)(hoisted + "\n" + script, scope));
    },
  };

  // What was put off is done once, also where the evaluation is interrupted and comes again. Only a setter of the
  // application's own can make it fail.
  function catchUp(from, putOff) {
    let failure = null;
    for (let at = done - from; at < putOff.length; at = done - from) {
      done++;
      const [verb, ...rest] = putOff[at];
      try {
        verbs[verb](...rest);
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== null) throw failure.error;
  }

  // A letter and a text: `v` with a value, or `e` with what was thrown.
  function answered(clock, from, putOff, verb, rest) {
    try {
      if (clock !== null) setClock(clock);
      catchUp(from, putOff);
      const value = verbs[verb](...rest);
      refuseUndeclared();
      return ["v", value === undefined ? "null" : value];
    } catch (error) {
      try {
        return ["e", quoted(slice(string(error), 0, 200))];
      } catch {
        return ["e", '"it threw something that is not printable"'];
      }
    }
  }

  delete global.performance;
  defineProperty(global, "$vxml", {
    value(kind, budget, clock, tells, from, putOff, verb, ...rest) {
      if (spent[kind] > budget) return "x";
      const began = now();
      let said;
      try {
        said = answered(clock, from, putOff, verb, rest);
      } finally {
        const took = now() - began;
        spent[kind] += took > AT_LEAST ? took : AT_LEAST;
      }
      return join([said[0], tells ? known() : "", "\n", said[1]], ""); // `+` may make a rope, which cannot be handed out
    },
  });
})
