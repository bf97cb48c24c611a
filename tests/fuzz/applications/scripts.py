"""Expressions and scripts of strangers: most of them ordinary, some that attack, some that look for others' marks."""

from __future__ import annotations

from random import Random

NAMES = ("a", "b", "c", "answer", "order", "pin")
PLAIN = (
    "a",
    "b",
    "a + 1",
    "'text'",
    "1",
    "true",
    "[1, 2, 3]",
    "[1,, undefined, 2]",
    "({a: 1, b: [2]})",
    "answer$.utterance",
    "lastresult$",
    "application.lastresult$",
    "application.lastresult$[0].utterance",
    "lastresult$.interpretation",
    "session.telephone.ani",
    "session.message_reference",
    "undefined",
    "null",
    "a == b",
    "a === undefined",
    "!a",
    "a && b",
    "'x'.repeat(50)",
    "[a, b].join()",
    "_event",
    "_message",
    "dialog.a",
    "document.b",
    "application.c",
    "typeof a",
    "'' + a",
    "parseInt('12')",
    "new Date()",
    "Math.random()",
    "a ? 'one.vxml' : '#two'",
    "'one.vxml'",
    "'#one'",
    "'no.such.event'",
    "answer",
    "a.b.c",
    "a +",
    "order",
    "session",
    "1.5e300",
    "-0",
    "NaN",
    "1e999",
    "9007199254740993",
    "function () {}",
    "a = 1",
    "a++",
)
# What leaves the engine in a way its writer did not think of.
ODD = (
    r"'\u0000'",
    r"'\ud800'",
    r"'\udc00x'",
    "'\\uffff\\u0001'",
    "({toJSON: function () { return '\\u0000' }})",
    "({toString: function () { throw 1 }})",
    "({valueOf: function () { return this }, toString: null})",
    "({get a() { throw {} }})",
    "new Proxy({}, {get: function () { throw 1 }})",
    "new Proxy([], {})",
    "new Proxy([], {get: function (t, k) { return k == 'length' ? 1e9 : t[k] }})",
    "Symbol('a')",
    "Object.create(null)",
    "10n",
    "[10n]",
    "({['\\u0000']: 1})",
    "({__proto__: null, a: 1})",
    "({'\\ud800': '\\ud800'})",
    "[,,1]",
    "[NaN, -0, 1e400]",
    "(function () { var o = {}; o.o = o; return o })()",
    "({constructor: 1, hasOwnProperty: 2})",
    "new String('a')",
    "(function () { var a = []; for (var i = 0; i < 9; i++) a = [a, a]; return a })()",
    "new Error('\\u0000')",
    "(function () { throw '\\u0000\\ud800' })()",
    "(function () { throw { toString: function () { return '\\ud800' } } })()",
    "(function () { throw new Proxy({}, {}) })()",
    "(function () { throw null })()",
    "'\\u2028\\u2029\\u0085'",
    "'🙂'.slice(0, 1)",
    "(function () { var a = {}; for (var i = 0; i < 60; i++) a = {a: a}; return a })()",
    "JSON.parse('[1e999]')",
    "Array(5000).fill('ab')",
    "'y'.repeat(70000)",
    "new Array(11000)",
    "new Array(9999)",
    "(class extends Array { static get [Symbol.species]() { return function () { return {length: 1e9} } } }).of(1)",
    "Array(20).fill(1)",
    "[[], [1], 'a', null]",
    "(function* () { yield 1 })()",
    "(async function () { throw 1 })()",
    "Promise.reject(1)",
    "new Int8Array(9)",
    "new Map([[1, 2]])",
    "({length: 3, 0: 'a', [Symbol.iterator]: function () { throw 1 }})",
    "globalThis",
    "this",
    "arguments",
    "eval('a')",
    "document",
    "new Date(NaN)",
    "/(?<year>[0-9]+)/.exec('2026').groups",
    "(function () { l: for (;;) { for (;;) break l } return 1 })()",
)
ATTACKS = (
    "(function () { while (true); })()",
    "(function () { for (;;) try { while (true); } catch (e) {} })()",
    "(function () { for (;;) { try { return 1 } finally { continue } } })()",
    "({toJSON: function () { for (;;); }})",
    "({toString: function () { for (;;); }})",
    "(function () { throw {toString: function () { for (;;); }} })()",
    "/(a+)+b/.test('a'.repeat(40))",
    "/^(a|a)*$/.test('a'.repeat(60) + 'b')",
    "Array(1e9).fill(1)",
    "'a'.repeat(1 << 29)",
    "(function () { var a = []; for (;;) a.push(a.length + 'x') })()",
    "(function () { var s = 'a'; for (;;) s += s })()",
    "(function f() { return f() + 1 })()",
    "(function f() { try { f() } finally { f() } })()",
    "JSON.parse('['.repeat(1e5))",
    "(function () { var o = {}; for (var i = 0; i < 1e5; i++) o = {o: o}; return o })()",
    "[3, 1, 2].sort(function () { for (;;); })",
    "Array.from({length: 3e4}, Math.random).sort(function () { return Math.random() - 0.5 })",
    "new Array(1e5).join('abcdef')",
    "new Proxy({}, {ownKeys: function () { for (;;); }})",
    "({get a() { for (;;); }})",
    "new Proxy([], {get: function () { for (;;); }})",
    "({[Symbol.toPrimitive]: function () { for (;;); }})",
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e6)",
    "(async function f() { await 1; return f() })()",
    "(function f() { Promise.resolve().then(f) })()",
    "import('fs')",
    "[...(function* () { for (;;) yield 1 })()]",
    "Array.from((function* () { for (;;) yield 1 })())",
    "(1n << 4000000n)",
    "(function () { new FinalizationRegistry(function () { for (;;); }).register({}, 1) })()",
    "new WeakRef({}).deref()",
    "Function('return this')().constructor.constructor('for (;;);')()",
    "new Function('return globalThis.$vxml')()",
    "(function () { Object.prototype.toJSON = function () { for (;;); }; return {} })()",
    "queueMicrotask(function () { for (;;); })",
    "(function () { for (var f = Math.abs, i = 0; i < 1e4; i++) f = f.bind(null); return f(1) })()",
)
# What never polls for an interruption: each of these took the process with it once.
UNSTOPPABLE = (
    "Array.prototype.reverse.call({length: 2 ** 53 - 1})",
    "new Array(2 ** 32 - 1).join('')",
    "[].concat(new Array(2 ** 32 - 1))",
    "'a'.repeat(1e6).indexOf('a'.repeat(5e5) + 'b')",
    "String.raw({raw: {length: 2 ** 53 - 1}})",
    "Array.prototype.keys.call({length: 2 ** 53 - 1}).drop(2 ** 52).next()",
    "((1n << 1000000n) - 1n).toString()",
    "(function () { var s = '\\u0344'.repeat(3e5); for (;;) s.localeCompare(s) })()",
    "new Array(2 ** 32 - 1).flat()",
)
POLLUTIONS = (
    "Object.prototype.{0} = '{0}'",
    "Array.prototype.{0} = 1",
    "globalThis.{0} = 1",
    "JSON.stringify = function () {{ return '\"{0}\"' }}",
    "String = function () {{ return '{0}' }}",
    "Object.keys = null",
    "Array.prototype.push = function () {{ return 1 }}",
    "Object.defineProperty(globalThis, '{0}', {{value: '{0}'}})",
    "Function.prototype.call = null",
    "Date.now = null",
    "Array.prototype[Symbol.iterator] = null",
    "$vxml = null",
    "Object.defineProperty(this, 'a', {{set: function () {{ throw 1 }}}})",
    "Array.prototype.toJSON = function () {{ return '{0}' }}",
    "Array.prototype.some = Array.prototype.forEach = null",
    "Array.isArray = function () {{ return true }}",
    "Object.prototype.then = function () {{}}",
    "var {0} = 1",
    "Symbol.{0} = 1",
    "Object.defineProperty(Object.prototype, 'value', {{get: function () {{ return '{0}' }}}})",
    "undefined = 1",
    "NaN = 2",
    "Object.defineProperty(Object.prototype, '0', {{set: function () {{ throw '{0}' }}}})",
    "Math.random = 1",
    "eval = null",
    "Array.prototype.filter = function () {{ return {{length: 2 ** 53 - 1}} }}",
    "Array.from = String.prototype.replace = function () {{ return '{0}' }}",
    "Object.defineProperty(application, 'lastresult$', {{get: function () {{ throw '{0}' }}}})",
)
LOOKS = (
    "Object.getOwnPropertyNames(globalThis).join()",
    "Object.getOwnPropertyNames(Object.prototype).join()",
    "Object.getOwnPropertyNames(Array.prototype).join()",
    "(function () { var s = ''; for (var k in {}) s += k; return s })()",
    "JSON.stringify(session)",
    "Object.getOwnPropertyNames(Symbol).join()",
    "JSON.stringify(application)",
)
STATEMENTS = (
    "var a = 1;",
    "var b = [1, 2, 3], c = {a: 1};",
    "function f(x) { return x + 1 }",
    "a = 2;",
    "let x = 1;",
    "const y = 2;",
    "for (var i = 0; i < 100; i++) a += i;",
    "if (typeof a == 'undefined') var a = 'there';",
    "class A { #p = 1; get p() { return this.#p } }",
    "var order = {items: ['a', 'b'], total: 3};",
    "throw new Error('said');",
    "var answer;",
    "label: for (;;) break label;",
    "undeclared = 1;",
    "'use strict';",
    "application.lastresult$ = b;",
)


def expression(dice: Random, mark: str, *, wild: float) -> str:
    """Return an expression; of a share of `wild` in all it is made to hurt."""
    roll = dice.random()
    if roll < wild / 4:
        return dice.choice(ATTACKS)
    if roll < wild:
        return dice.choice((*ODD, *LOOKS))
    if roll < wild * 1.2:
        return f"({dice.choice(POLLUTIONS).format(mark)})"
    if roll < wild * 1.2 + 0.05:
        return f"'{mark}' + {dice.choice(NAMES)}"
    return dice.choice(PLAIN)


def script(dice: Random, mark: str, *, wild: float) -> str:
    """Return some statements."""
    parts = [dice.choice(STATEMENTS) for _ in range(dice.randrange(1, 5))]
    if dice.random() < wild * 3:
        parts.append(dice.choice(POLLUTIONS).format(mark) + ";")
    if dice.random() < wild * 2:
        parts.append(expression(dice, mark, wild=1) + ";")
    if dice.random() < wild / 2:
        parts = ["\n".join(parts * 400)]
    dice.shuffle(parts)
    return "\n".join(parts)
