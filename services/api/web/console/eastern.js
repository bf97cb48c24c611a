// Times as campaigns keep them: US Eastern, with the zone's name beside them.

export const ZONE = "America/New_York";
const MINUTE = 60_000;
const make = (options) => new Intl.DateTimeFormat("en-US", { timeZone: ZONE, hourCycle: "h23", ...options });

const DAY_AND_TIME = make({
  weekday: "short",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});
const TIME = make({ hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const TO_THE_SECOND = make({
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const FULL = make({
  weekday: "short",
  month: "short",
  day: "numeric",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const PIECES = make({
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  weekday: "short",
});
const CALENDAR = new Intl.DateTimeFormat("en-US", {
  timeZone: "UTC",
  weekday: "short",
  month: "short",
  day: "numeric",
  year: "numeric",
});
const SHORT_CALENDAR = new Intl.DateTimeFormat("en-US", {
  timeZone: "UTC",
  weekday: "short",
  month: "short",
  day: "numeric",
});

/** Mon, Jan 4, 08:00 EST. */
export const dayAndTime = (instant) => DAY_AND_TIME.format(new Date(instant));

/** 08:00 EST. */
export const timeOnly = (instant) => TIME.format(new Date(instant));

/** Jan 4, 08:00:17 EST. */
export const toTheSecond = (instant) => TO_THE_SECOND.format(new Date(instant));

/** Mon, Jan 4, 2027, 08:00:17 EST. */
export const fullTime = (instant) => FULL.format(new Date(instant));

/** A date of the calendar, 2027-01-04, as Mon, Jan 4, 2027. */
export const calendarDay = (date, { short = false } = {}) =>
  (short ? SHORT_CALENDAR : CALENDAR).format(new Date(`${date}T00:00:00Z`));

/** What the clock on the wall shows: the date, the day of the week, and the minutes since midnight. */
export function onTheWall(instant) {
  const said = Object.fromEntries(PIECES.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
  return {
    date: `${said.year}-${said.month}-${said.day}`,
    day: said.weekday.toLowerCase(),
    minute: Number(said.hour) * 60 + Number(said.minute),
  };
}

/** A date of the calendar so many days later. */
export const daysLater = (date, days) =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * 24 * 60 * MINUTE).toISOString().slice(0, 10);

/** The day before's name, for windows that reach over midnight. */
export const weekdayOf = (date) =>
  ["sun", "mon", "tue", "wed", "thu", "fri", "sat"][new Date(`${date}T00:00:00Z`).getUTCDay()];

/** 7 s, 2 min 5 s. */
export function lasting(seconds) {
  if (seconds == null) return "–";
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
