// What time it is for the account: by its sandbox's clock, which runs on between two answers, or by the house's.

import { useEffect, useState } from "./view.js";
import { ask, houseNow } from "./api.js";
import { token } from "./session.js";

const PATH = "/api/sandbox";
const MINUTE = 60_000;
const LOOKED_AT = 10; // campaigns whose forecasts are asked for, to find the next opening
const listeners = new Set();
let heard = null;

/** Whether whoever is signed in tries things out: their token says so. */
export const inSandbox = () => (token() ?? "").startsWith("pl_test_");

/** The sandbox's clock as it was heard last; null before it was. */
export const clock = () => (heard?.token === token() ? heard : null);

/** What the sandbox's clock shows, in milliseconds; null before it was heard. */
export const shows = () => clock() && clock().time + (performance.now() - clock().at) * clock().rate;

/** Ask what the clock shows. */
export const askClock = async (signal) => hear(await ask(PATH, { signal }));

/** Set the clock: its `rate`, its `time`, or both; everything that is on the screen is asked for anew. */
export async function setClock(body) {
  hear((await ask(PATH, { method: "PUT", body })).response);
  dispatchEvent(new Event("paceline:clock"));
}

/** The account's time now, in milliseconds; it is asked for when it is a sandbox's. */
export async function timeOfAccount(signal) {
  if (inSandbox()) await askClock(signal);
  return inSandbox() ? shows() : houseNow();
}

/** A component that follows the account's time: `told` is when the API's answer was given, and enough in life. */
export function useNow(told, every = 1000) {
  const [, turn] = useState(0);
  useEffect(() => {
    if (!inSandbox()) return undefined;
    const again = () => turn((count) => count + 1);
    const timer = setInterval(again, every);
    listeners.add(again);
    return () => {
      clearInterval(timer);
      listeners.delete(again);
    };
  }, [every]);
  const now = inSandbox() ? shows() : null;
  return now === null ? told : new Date(now).toISOString();
}

/**
 * A minute before the next window opens in which calls are to come, as the API writes instants; null when none does.
 * Campaigns that run count, and `id`, the one that is looked at; when none of these, all that have not ended.
 */
export async function beforeNextOpening(id) {
  const living = (await ask("/api/campaigns")).filter(({ state }) => state !== "ended");
  const meant = living.filter((each) => each.state === "running" || String(each.id) === id);
  const looked = (meant.length ? meant : living).slice(-LOOKED_AT);
  const forecasts = await Promise.all(looked.map((each) => ask(`/api/campaigns/${each.id}/forecast`)));
  const instants = forecasts.map(nextOpening).filter((instant) => instant !== null);
  return instants.length ? new Date(Math.min(...instants) - MINUTE).toISOString() : null;
}

/** When the next window of a forecast opens with somebody to call; one that is open already is not next. */
export function nextOpening({ as_of: asOf, days }) {
  const opens = days
    .flatMap((day) => day.openings)
    .filter((each) => each.calls > 0)
    .map((each) => Date.parse(each.opens_at))
    .filter((at) => at - MINUTE > Date.parse(asOf));
  return opens.length ? Math.min(...opens) : null;
}

function hear({ time, rate }) {
  // It is told in whole seconds, and was told a moment ago: what was shown already is not taken back.
  const atLeast = clock()?.rate === rate ? shows() : 0;
  heard = { token: token(), time: Math.max(Date.parse(time), atLeast), rate, at: performance.now() };
  for (const listener of listeners) listener();
  return heard;
}
