// The time and the chance of a call, where somebody outside says what they are: with the same of both, a script does the
// same. The clock stands still while an expression is evaluated, and nothing leads to the machine's own.
(function (seed, hasClock) {
  const { defineProperty } = Object;
  const { construct } = Reflect;
  const { imul } = Math;
  const Machine = Date;
  const told = Function.prototype.call.bind(Machine.prototype.toString);
  let instant = 0;

  function hide(on, name, value) {
    defineProperty(on, name, { value, writable: true, enumerable: false, configurable: true });
  }

  const Told = {
    Date: function (year, month, day, hours, minutes, seconds, milliseconds) {
      if (new.target === undefined) return told(construct(Machine, [instant]));
      return construct(Machine, arguments.length > 0 ? arguments : [instant], new.target);
    },
  }.Date;
  defineProperty(Told, "prototype", { value: Machine.prototype, writable: false });
  hide(Told, "UTC", Machine.UTC);
  hide(Told, "parse", Machine.parse);
  hide(Told, "now", { now: () => instant }.now);
  if (hasClock) {
    hide(Machine.prototype, "constructor", Told);
    hide(globalThis, "Date", Told);
  }

  // mulberry32, twice for the 53 bits of a number.
  let state = seed | 0;
  function bits() {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
  if (seed !== null) {
    hide(Math, "random", { random: () => ((bits() >>> 5) * 0x4000000 + (bits() >>> 6)) / 0x20000000000000 }.random);
  }

  return (now) => void (instant = now);
})
