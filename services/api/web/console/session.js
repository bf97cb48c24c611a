// Who is signed in: the token lives in this tab's sessionStorage, and nowhere else.

const KEY = "paceline.token";
const listeners = new Set();
let farewell = "";

export const token = () => sessionStorage.getItem(KEY);

export function signIn(given) {
  sessionStorage.setItem(KEY, given);
  farewell = "";
  tell();
}

/** Forget the token; `why` is what the sign-in page says. */
export function signOut(why = "") {
  sessionStorage.removeItem(KEY);
  farewell = why;
  tell();
}

export const whySignedOut = () => farewell;

/** Call back whenever somebody signs in or out; returns the way to stop that. */
export function onSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  for (const listener of listeners) listener();
}
