// The week as the campaign sees it: its windows on each day, with their periods, and where the week is now.

import { html } from "../view.js";
import { onTheWall } from "../eastern.js";
import { minutes, openFor } from "../pace.js";
import { DAYS, daysInWords, span } from "../words.js";

const DAY = 24 * 60;
const ROW = 26;
const GAP = 4;
const STRIPED_FROM = 12; // minutes of a period and its silence that are wide enough to be seen apart
const HOURS = [0, 3, 6, 9, 12, 15, 18, 21, 24];
const percent = (minute) => `${(100 * minute) / DAY}%`;

/** The parts of the windows that fall into a row of the table: a window over midnight has one on the next day. */
function piecesOf(windows, days) {
  const names = DAYS.map(([day]) => day);
  const pieces = [];
  windows.forEach((window, place) => {
    const from = minutes(window.start_time);
    const to = from + openFor(window);
    names.forEach((day, row) => {
      if (!days.includes(day)) return;
      pieces.push({ row, place, window, from, to: Math.min(to, DAY), begins: 0 });
      if (to > DAY) pieces.push({ row: (row + 1) % 7, place, window, from: 0, to: to - DAY, begins: DAY - from });
    });
  });
  return pieces;
}

/** The silences between the periods inside a piece of a window, as minutes of its row. */
function silencesOf({ window, from, to, begins }) {
  const { period, time_between_periods: silence } = window.pace ?? {};
  if (!silence || period + silence < STRIPED_FROM) return [];
  const gaps = [];
  for (let at = period; at < begins + to - from; at += period + silence) {
    const start = Math.max(from, from + at - begins);
    const end = Math.min(to, from + at + silence - begins);
    if (end > start) gaps.push([start, end]);
  }
  return gaps;
}

/** The timetable of a plan: the days of a schedule and windows, each with its profile's numbers and name. */
export function Timetable({ days, windows, now }) {
  const height = 7 * (ROW + GAP) - GAP;
  const wall = now && onTheWall(now);
  const today = wall && DAYS.findIndex(([day]) => day === wall.day);
  const top = (row) => row * (ROW + GAP);
  const words =
    windows.length && days.length
      ? `Calls ${daysInWords(days)}: ${windows.map((each) => `${span(each)} ${each.name}`).join("; ")}. US Eastern.`
      : "No windows yet.";
  return html`<figure class="timetable">
    <div class="days" aria-hidden="true">
      ${DAYS.map(([day, name]) => html`<span class=${days.includes(day) ? "" : "off"}>${name.slice(0, 3)}</span>`)}
    </div>
    <svg width="100%" height=${height} role="img" aria-label=${words}>
      ${DAYS.map(([day], row) => html`<rect class=${`row${days.includes(day) ? "" : " off"}`} x="0" y=${top(row)} width="100%" height=${ROW} rx="4" />`)}
      ${HOURS.slice(1, -1).map((hour) => html`<line class="hour" x1=${percent(hour * 60)} x2=${percent(hour * 60)} y1="0" y2=${height} />`)}
      ${piecesOf(windows, days).map(
        (piece) =>
          html`<g key=${`${piece.row}-${piece.place}-${piece.from}`}>
            <rect
              class=${`window hue-${piece.place % 6}`}
              x=${percent(piece.from)}
              y=${top(piece.row) + 3}
              width=${percent(piece.to - piece.from)}
              height=${ROW - 6}
              rx="3"
            >
              <title>${`${span(piece.window)} ${piece.window.name}`}</title></rect
            >
            ${silencesOf(piece).map(
              ([from, to]) =>
                html`<rect class="silence" x=${percent(from)} y=${top(piece.row) + 3} width=${percent(to - from)} height=${ROW - 6} />`,
            )}
          </g>`,
      )}
      ${wall && html`<line class="now" x1=${percent(wall.minute)} x2=${percent(wall.minute)} y1=${top(today) - 2} y2=${top(today) + ROW + 2} />`}
    </svg>
    <div class="hours" aria-hidden="true">
      ${HOURS.map((hour) => html`<span style=${{ left: percent(hour * 60) }}>${String(hour).padStart(2, "0")}</span>`)}
    </div>
    <figcaption>
      ${windows.map((each, place) => html`<span><i class=${`hue-${place % 6}`} aria-hidden="true"></i>${span(each)} ${each.name}</span>`)}<span
        class="muted"
        >US Eastern</span
      >
    </figcaption>
  </figure>`;
}
