// All campaigns: their state and how far each is, those that run first and live.

import { html, useMemo, useRef, useState } from "../view.js";
import { ask } from "../api.js";
import { calendarDay } from "../eastern.js";
import { Meter } from "../figures/meter.js";
import { useLive } from "../live.js";
import { Choices, Empty, Loaded, PageHead, StateBadge } from "../pieces.js";
import { nameOf } from "../plan.js";
import { at } from "../router.js";
import { counted, daysInWords, number, span } from "../words.js";

const A_TIME = 5; // campaigns whose progress is asked for at once: a page of many costs no more than one of few
const SHOWN = 50;
const RANK = { running: 0, stopped: 1, created: 2, ended: 3 };

/** The page. */
export function Campaigns() {
  const live = useLive("campaigns", load, 10_000);
  return html`<${PageHead} title="Campaigns"
      ><a class="button primary" href=${at("campaigns", "new")}>New campaign</a><//
    >
    <${Loaded} live=${live} what="campaigns">${(data) => html`<${List} ...${data} />`}<//>`;
}

async function load(signal) {
  const [campaigns, schedules, profiles] = await Promise.all(
    ["/api/campaigns", "/api/schedules", "/api/profiles"].map((path) => ask(path, { signal })),
  );
  return { campaigns, schedules, profiles };
}

function List({ campaigns, schedules, profiles }) {
  const [state, setState] = useState("all");
  const sorted = useMemo(
    () =>
      [...campaigns]
        .sort((a, b) => RANK[a.state] - RANK[b.state] || b.id - a.id)
        .filter((each) => state === "all" || each.state === state),
    [campaigns, state],
  );
  const shown = sorted.slice(0, SHOWN);
  const progress = useProgress(shown);
  if (!campaigns.length) return html`<${FirstSteps} schedules=${schedules} profiles=${profiles} />`;
  const states = ["all", ...Object.keys(RANK).filter((each) => campaigns.some((campaign) => campaign.state === each))];
  const names = { all: "All", running: "Running", stopped: "Stopped", created: "Not started", ended: "Ended" };
  const choices = states.map((each) => [each, names[each]]);
  const scheduleOf = (campaign) => schedules.find(({ id }) => id === campaign.schedule);
  return html` ${states.length > 2 && html`<${Choices} label="Which campaigns" value=${state} onChoose=${setState} options=${choices} />`}
    <ul class="cards">
      ${shown.map((each) => html`<${Card} key=${each.id} campaign=${each} progress=${progress[each.id]} schedule=${scheduleOf(each)} />`)}
    </ul>
    ${sorted.length > SHOWN && html`<p class="quiet">The newest ${SHOWN} of ${number(sorted.length)} are shown.</p>`}`;
}

function Card({ campaign, progress, schedule }) {
  const hours = campaign.profiles.map((each) => span(each)).join(", ");
  return html`<li class="card">
    <a class="card-link" href=${at("campaigns", campaign.id)}><h2>Campaign ${campaign.id}</h2></a>
    <${StateBadge} state=${campaign.state} />
    <p class="card-when">
      ${calendarDay(campaign.start_date, { short: true })} – ${calendarDay(campaign.end_date)}${" "}
      <span class="muted">
        · ${schedule ? `${nameOf(schedule)} (${daysInWords(schedule.days)})` : ""} · ${hours} Eastern</span
      >
    </p>
    <div class="card-progress">
      ${progress ? html`<${Meter} progress=${progress} small />` : html`<div class="meter small"></div>`}
      <span class="card-count"
        >${progress ? html`<b>${number(progress.finished)}</b> of ${number(progress.total)}` : counted(campaign.calls, "number")}
        ${progress?.dead_letters ? html` · <span class="bad-text">${number(progress.dead_letters)} undelivered</span>` : ""}</span
      >
    </div>
  </li>`;
}

/** Ask for the progress of a few campaigns at a time: each once, then those that run, in turn. */
function useProgress(shown) {
  const known = useRef({});
  const turn = useRef(0);
  const live = useLive(
    `progress ${shown.map(({ id, calls, state }) => `${id}/${calls}/${state}`).join()}`,
    async (signal) => {
      const fresh = shown.filter(({ id }) => !known.current[id]);
      const running = shown.filter(({ state }) => state === "running");
      const from = running.length ? turn.current % running.length : 0;
      const wanted = [...fresh, ...running.slice(from), ...running.slice(0, from)].slice(0, A_TIME);
      turn.current += A_TIME;
      const answers = await Promise.all(wanted.map(({ id }) => ask(`/api/campaigns/${id}`, { signal })));
      known.current = { ...known.current, ...Object.fromEntries(answers.map((each) => [each.id, each.progress])) };
      return known.current;
    },
    shown.some(({ state, id }) => state === "running" || !known.current[id]) ? 2000 : 10_000,
  );
  return live.data ?? known.current;
}

function FirstSteps({ schedules, profiles }) {
  const steps = [
    [schedules.length, at("schedules", "new"), "Make a schedule", "the days of the week on which you call"],
    [profiles.length, at("profiles", "new"), "Make a profile", "how many calls you place, and how fast"],
    [0, at("campaigns", "new"), "Make a campaign", "your list of numbers, its dates and hours, your application"],
  ];
  const next = steps.findIndex(([done]) => !done);
  return html`<${Empty} title="No campaigns yet">
    A campaign calls a list of numbers on the days of a schedule, at the pace of a profile. Three steps lead to the
    first one.
    <ol class="steps">
      ${steps.map(
        ([done, href, label, words], place) =>
          html`<li class=${done ? "done" : place === next ? "next" : ""}>
            <a href=${href} class=${place === next ? "button primary" : ""}>${label}</a>
            <span>${words}${done ? " – done" : ""}</span>
          </li>`,
      )}
    </ol>
  <//>`;
}
