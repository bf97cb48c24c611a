// How many calls a campaign may place at a time: its days, its windows, its periods and their silences.

import { onTheWall, daysLater, weekdayOf } from "./eastern.js";

const DAY_MINUTES = 24 * 60;

/** "08:30" as minutes since midnight. */
export const minutes = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));

/** How long a window is open; one that ends no later than it starts reaches into the next day. */
export function openFor(window) {
  const length = minutes(window.end_time) - minutes(window.start_time);
  return length > 0 ? length : length + DAY_MINUTES;
}

/**
 * Calls a minute that the campaign's pace allows at an instant.
 * `plan` holds start_date, end_date, days (of the schedule) and windows, each with its profile's numbers.
 */
export function paceAt(plan, instant) {
  const { date, minute } = onTheWall(instant);
  for (const [day, passed] of [
    [date, minute],
    [daysLater(date, -1), minute + DAY_MINUTES],
  ]) {
    if (day < plan.start_date || day > plan.end_date || !plan.days.includes(weekdayOf(day))) continue;
    for (const window of plan.windows) {
      const since = passed - minutes(window.start_time);
      if (since < 0 || since >= openFor(window) || !window.pace) continue;
      const { period, time_between_periods: silence, amount_per_period: amount } = window.pace;
      return since % (period + silence) < period ? amount / period : 0;
    }
  }
  return 0;
}

/** Calls that the pace allows from an instant on, within so many minutes. */
export function paceWithin(plan, instant, length) {
  let calls = 0;
  for (let minute = 0; minute < length; minute += 1) calls += paceAt(plan, instant + minute * 60_000);
  return calls;
}

/** What a profile means, in a sentence. */
export function paceInWords({ period, time_between_periods: silence, amount_per_period: amount }) {
  if (!period || !amount) return "";
  const seconds = (period * 60) / amount;
  const gap = seconds >= 1 ? `one every ${neat(seconds)} s` : `${neat(1 / seconds)} every second`;
  const rest = silence ? `, then ${count(silence, "minute")} of silence` : ", without a pause";
  const hourly = neat((amount * 60) / (period + silence));
  return `${count(amount, "call")} in ${count(period, "minute")}, ${gap}${rest}: about ${hourly} an hour.`;
}

const neat = (number) => number.toLocaleString("en-US", { maximumFractionDigits: number < 10 ? 1 : 0 });
const count = (many, word) => `${many.toLocaleString("en-US")} ${word}${many === 1 ? "" : "s"}`;
