// How fast a campaign goes: what ended in each minute, hour or day, beside what its pace allows.

import { html, useMemo, useState } from "../view.js";
import { ask } from "../api.js";
import { Chart } from "../figures/chart.js";
import { useLive } from "../live.js";
import { paceWithin } from "../pace.js";
import { Choices, Loaded } from "../pieces.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
// The stretch of a bar, how far back is looked, and how far ahead the pace is drawn.
const RANGES = {
  minute: { label: "Minutes", step: MINUTE, back: 2 * HOUR },
  hour: { label: "Hours", step: HOUR, back: 72 * HOUR },
  day: { label: "Days", step: 24 * HOUR, back: 60 * 24 * HOUR },
};

/** The panel. */
export function Tempo({ campaign, plan, now }) {
  const [interval, setInterval] = useState("minute");
  const range = RANGES[interval];
  const ended = campaign.progress?.finished;
  const live = useLive(
    `stats ${campaign.id} ${interval}`,
    (signal) => loadStats(campaign.id, interval, range, signal),
    campaign.state === "running" ? (interval === "minute" ? 4000 : 10_000) : 20_000,
  );
  return html`<${Choices}
      label="Each bar is one of these"
      value=${interval}
      onChoose=${setInterval}
      options=${Object.entries(RANGES).map(([each, { label }]) => [each, label])}
    />
    <${Loaded} live=${live} what="calls over time"
      >${(stats) =>
        stats.length
          ? html`<${Drawn}
              stats=${stats}
              range=${range}
              plan=${plan}
              now=${campaign.state === "running" ? now : null}
              label=${`Calls ended in each ${interval}`}
            />`
          : html`<p class="quiet tall">
              ${ended ? "No call ended in this time." : "No call has ended yet. What ended, and how, will stand here as it comes in."}
            </p>`}<//
    >`;
}

/** What ended lately: seen from the last hour in which something ended, whatever this browser's clock says. */
async function loadStats(id, interval, range, signal) {
  const hours = await ask(`/api/campaigns/${id}/stats?interval=hour`, { signal });
  if (interval === "hour" || !hours.length) return hours;
  const until = Date.parse(hours.at(-1).at) + HOUR;
  const from = new Date(Math.max(until - range.back - HOUR, Date.parse(hours[0].at)));
  return ask(`/api/campaigns/${id}/stats?interval=${interval}&from=${encodeURIComponent(from.toISOString())}`, {
    signal,
  });
}

function Drawn({ stats, range, plan, now, label }) {
  const stretches = stretchesOf(stats, range, now);
  const points = useMemo(() => fill(stretches, stats, range, plan), [stats, plan, range, stretches.at(-1)]);
  return html`<${Chart} points=${points} step=${range.step / 1000} label=${label} />`;
}

const byBeginning = (stats) => new Map(stats.map((each) => [Date.parse(each.at), each]));

/** When each stretch begins, those in which nothing ended too, up to now while it runs. */
function stretchesOf(stats, { step, back }, now) {
  const known = byBeginning(stats);
  const last = Date.parse(stats.at(-1).at);
  // Up to now, unless that would push all that ended out of sight.
  const newest = now && Date.parse(now) - last < back / 2 ? Math.max(last, Date.parse(now)) : last;
  const first = Date.parse(stats[0].at);
  const stretches = [];
  for (let at = first; at <= newest; at = next(at, step, known)) stretches.push(at);
  return stretches.filter((at) => at > newest - back);
}

/** One point for each stretch. */
function fill(stretches, stats, { step }, plan) {
  const known = byBeginning(stats);
  return stretches.map((at) => ({
    at,
    outcomes: known.get(at)?.outcomes ?? {},
    pace: plan ? paceWithin(plan, at, step / MINUTE) : 0,
  }));
}

/** The next stretch's beginning: a day is an hour longer or shorter twice a year, and the API says when it begins. */
function next(at, step, known) {
  if (step < 24 * HOUR) return at + step;
  for (const shift of [0, -HOUR, HOUR]) if (known.has(at + step + shift)) return at + step + shift;
  return at + step;
}
