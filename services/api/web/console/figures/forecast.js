// What is to come: when the last call will be placed, and how full each day is.

import { html } from "../view.js";
import { calendarDay, dayAndTime } from "../eastern.js";
import { Notice } from "../pieces.js";
import { counted, number } from "../words.js";

const DAYS_SHOWN = 14;

/** The forecast in a sentence, its days as bars, and the advice that came with it. */
export function Forecast({ forecast }) {
  const { waiting, dialed, expires, last_call_at: last, first_call_at: first, days, advice, state } = forecast;
  if (!waiting) return html`<p class="quiet">No number is waiting.</p>`;
  const started = state === "running";
  const most = Math.max(1, ...days.map((day) => day.capacity));
  const busy = days.findLastIndex((day) => day.calls) + 1;
  const used = days.slice(0, busy).filter((day) => day.calls || day.capacity);
  return html` <p class="forecast-words">
      ${
        last
          ? html`${started ? "The last call goes out" : "Started now, the last call would go out"}${" "}
              <b>${dayAndTime(last)}</b>${first && !started ? html`, the first <b>${dayAndTime(first)}</b>` : ""}.`
          : "No call can be placed within its dates and hours."
      }
      ${" "}${
        expires > 0
          ? html`<b>${counted(expires, "number")}</b> of ${number(waiting)} would expire undialed.`
          : html`All ${counted(dialed, "waiting number")} are dialed in time.`
      }
    </p>
    ${advice.map((each) => html`<${Notice} kind="warning">${each.detail}<//>`)}
    <ul class="forecast-days">
      ${used.slice(0, DAYS_SHOWN).map(
        (day) =>
          html`<li key=${day.date}>
            <span class="bar-label">${calendarDay(day.date, { short: true })}</span>
            <span class="bar-track" title=${`${number(day.calls)} of ${number(day.capacity)} possible calls`}>
              <span class="capacity" style=${{ width: `${(100 * day.capacity) / most}%` }}></span>
              <span class="planned" style=${{ width: `${(100 * day.calls) / most}%` }}></span>
            </span>
            <span class="bar-number"
              ><b>${number(day.calls)}</b> <span class="muted">of ${number(day.capacity)}</span></span
            >
          </li>`,
      )}
    </ul>
    ${used.length > DAYS_SHOWN && html`<p class="quiet">… and ${counted(used.length - DAYS_SHOWN, "day")} more.</p>`}`;
}
