// The field's words as people read them: outcomes, states, days.

const TAKEN = "Somebody, or a machine, took the call";

export const OUTCOMES = {
  answered: { label: "Answered", tells: `${TAKEN}.` },
  busy: { label: "Busy", tells: "The line was engaged." },
  no_answer: { label: "No answer", tells: "It rang, and nobody took it." },
  rejected: { label: "Rejected", tells: "The call was declined." },
  unreachable: { label: "Unreachable", tells: "The network found no way to the telephone." },
  invalid: { label: "Invalid", tells: "There is no telephone with this number." },
  expired: { label: "Expired", tells: "The campaign was over before its turn came: it was not dialed." },
  unknown: {
    label: "Unknown",
    tells: "It cannot be known whether the call went out: it is never dialed again by itself.",
  },
};

export const STATES = {
  created: { label: "Not started", tells: "It calls nobody until it is started." },
  running: { label: "Running", tells: "It calls within its days and hours." },
  stopped: { label: "Stopped", tells: "It calls nobody until it is started again." },
  ended: { label: "Ended", tells: "Its dates are over." },
};

export const CALL_STATES = { waiting: "Waiting", calling: "Calling", finished: "Finished" };

export const ENDINGS = {
  exit: "It came to its end",
  disconnect: "It hung up",
  hangup: "The callee hung up",
  error: "An error ended it",
  limit: "A limit ended it",
};

export const DAYS = [
  ["mon", "Monday"],
  ["tue", "Tuesday"],
  ["wed", "Wednesday"],
  ["thu", "Thursday"],
  ["fri", "Friday"],
  ["sat", "Saturday"],
  ["sun", "Sunday"],
];

/** 1,234. */
export const number = (value) => (value ?? 0).toLocaleString("en-US");

/** 1 call, 2 calls. */
export const counted = (many, one, several = `${one}s`) => `${number(many)} ${many === 1 ? one : several}`;

/** What an outcome is called. */
export const outcomeLabel = (name) => OUTCOMES[name]?.label ?? name;

/** Whether somebody took a call, and heard of the application no more than a part, or nothing. */
export const applicationFailed = (call) => call.disposition === "answered" && call.result === "failed";

/** How a call ended, in a sentence. */
export function endingInWords(call) {
  if (call.disposition !== "answered") return OUTCOMES[call.disposition]?.tells;
  return `${TAKEN}, ${applicationFailed(call) ? "but your application failed" : "and your application ran"}.`;
}

/** A window in a few characters: 08:00–11:00. */
export const span = (window) => `${window.start_time}–${window.end_time}`;

/** Days in a few words: Mon–Fri, every day, Mon, Wed. */
export function daysInWords(days) {
  const names = DAYS.map(([day]) => day);
  const places = names.map((day, place) => (days.includes(day) ? place : -1)).filter((place) => place >= 0);
  if (places.length === 7) return "every day";
  const short = (place) => DAYS[place][1].slice(0, 3);
  const together = places.length > 2 && places.at(-1) - places[0] === places.length - 1;
  return together ? `${short(places[0])}–${short(places.at(-1))}` : places.map(short).join(", ");
}
