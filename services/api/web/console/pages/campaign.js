// One campaign: how far it is, how fast it goes, what is to come, and what can be done with it.

import { html, useState } from "../view.js";
import { ask } from "../api.js";
import { useNow } from "../clock.js";
import { calendarDay } from "../eastern.js";
import { Failures, Legend, Meter, Spoken } from "../figures/meter.js";
import { Forecast } from "../figures/forecast.js";
import { Timetable } from "../figures/timetable.js";
import { useLive } from "../live.js";
import { paceInWords } from "../pace.js";
import { Facts, Loaded, Notice, PageHead, Panel, StateBadge } from "../pieces.js";
import { loadPlan, nameOf } from "../plan.js";
import { at, tryAddress } from "../router.js";
import { counted, daysInWords, number, span } from "../words.js";
import { AskDelete, AskStart, AskStop } from "./campaign_acts.js";
import { Tempo } from "./tempo.js";

/** What every page of a campaign begins with: its head, its acts, and the ways to its other pages. */
export function CampaignHead({ campaign, here, onChange, forecast, plan }) {
  const [asked, setAsked] = useState(null);
  const { id, state, progress } = campaign;
  const close = (done) => {
    setAsked(null);
    if (done) onChange();
  };
  const shared = { campaign, forecast, plan, onClose: close };
  return html`<${PageHead}
      title=${`Campaign ${id}`}
      badge=${html`<${StateBadge} state=${state} />`}
      above=${{ href: at("campaigns"), label: "Campaigns" }}
      sub=${`${calendarDay(campaign.start_date)} – ${calendarDay(campaign.end_date)}`}
    >
      ${
        state !== "ended" &&
        (state === "running"
          ? html`<button onClick=${() => setAsked("stop")}>Stop</button>`
          : html`<button class="primary" onClick=${() => setAsked("start")}>Start</button>`)
      }
      ${
        state !== "ended" &&
        html`<a class="button" href=${at("campaigns", id, "numbers")}>Add numbers</a>
          <a class="button" href=${at("campaigns", id, "change")}>Change</a>`
      }
      <button class="quiet-button" onClick=${() => setAsked("delete")}>Delete</button>
    <//>
    <nav class="tabs" aria-label="Campaign">
      ${[
        ["", "Overview"],
        ["calls", "Calls"],
        ["undelivered", "Undelivered"],
      ].map(
        ([step, label]) =>
          html`<a
            href=${at("campaigns", id, ...(step ? [step] : []))}
            aria-current=${here === step ? "page" : undefined}
          >
            ${label}${step === "undelivered" && progress?.dead_letters ? html` <span class="count">${number(progress.dead_letters)}</span>` : ""}</a
          >`,
      )}
    </nav>
    ${asked === "start" && html`<${AskStart} ...${shared} />`} ${asked === "stop" && html`<${AskStop} ...${shared} />`}
    ${asked === "delete" && html`<${AskDelete} ...${shared} />`}`;
}

/** A campaign, alive: often while it runs, now and then when it does not. */
export function useCampaign(id) {
  const [busy, setBusy] = useState(true);
  return useLive(
    `campaign ${id}`,
    async (signal) => {
      const campaign = await ask(`/api/campaigns/${id}`, { signal });
      setBusy(campaign.state === "running" || campaign.progress?.calling > 0);
      return campaign;
    },
    busy ? 2000 : 8000,
  );
}

/** The overview. */
export function CampaignPage({ id }) {
  const live = useCampaign(id);
  return html`<${Loaded} live=${live} what="campaign" page
    >${(campaign) => html`<${Overview} campaign=${campaign} refresh=${live.refresh} />`}<//
  >`;
}

function Overview({ campaign, refresh }) {
  const { id, state, progress } = campaign;
  const plan = useLive(
    `plan ${id} ${JSON.stringify([campaign.schedule, campaign.profiles])}`,
    (signal) => loadPlan(campaign, signal),
    60_000,
  );
  const forecast = useLive(
    `forecast ${id} ${state}`,
    (signal) => ask(`/api/campaigns/${id}/forecast`, { signal }),
    10_000,
  );
  const now = useNow(forecast.data?.as_of);
  const changed = () => {
    refresh();
    forecast.refresh();
  };
  return html` <${CampaignHead}
      campaign=${campaign}
      here=""
      onChange=${changed}
      forecast=${forecast.data}
      plan=${plan.data}
    />
    ${
      !campaign.calls &&
      html`<${Notice} kind="info" title="No numbers yet"
        >This campaign has nobody to call. <a href=${at("campaigns", id, "numbers")}>Add numbers</a> to it.<//
      >`
    }
    ${progress && html`<${Standing} campaign=${campaign} />`}
    <div class="grid">
      <${Panel} id="tempo" title="Calls ended, against the pace" wide>
        <${Tempo} campaign=${campaign} plan=${plan.data} now=${now}
      /><//>
      <${Panel}
        id="week"
        title="The week"
        aside=${plan.data && html`<span class="muted">${nameOf(plan.data.schedule)}: ${daysInWords(plan.data.days)}</span>`}
      >
        <${Loaded} live=${plan} what="week"
          >${(it) =>
            html`<${Timetable} days=${it.days} windows=${it.windows} now=${now} />
              <ul class="windows">
                ${it.windows.map((each) => html`<li><b>${span(each)}</b> <span>${each.name}: ${each.pace ? paceInWords(each.pace) : ""}</span></li>`)}
              </ul>`}<//
        ><//
      >
      <${Panel} id="forecast" title="What is to come">
        ${
          state === "ended"
            ? html`<p class="quiet">Its dates are over: it calls nobody any more.</p>`
            : html`<${Loaded} live=${forecast} what="forecast">${(it) => html`<${Forecast} forecast=${it} />`}<//>`
        }<//
      >
      <${Panel} id="failures" title="Not answered, by reason">
        ${progress ? html`<${Failures} outcomes=${progress.outcomes} />` : html`<p class="quiet">Not known.</p>`}<//
      >
      <${Panel} id="addresses" title="Addresses">
        <${Facts}
          pairs=${[
            [
              "Application",
              html`<span class="address">${campaign.start_url}</span> <a class="try-it" href=${tryAddress(campaign.start_url)}>Try it</a>`,
            ],
            [
              "Results go to",
              campaign.result_url
                ? html`<span class="address">${campaign.result_url}</span>`
                : html`<span class="muted">nowhere</span>`,
            ],
          ]}
      /><//>
    </div>`;
}

/** The numbers of a campaign at this moment. */
function Standing({ campaign: { id, state, progress } }) {
  const { total, waiting, calling, finished, dead_letters: dead, application_failures: failed, outcomes } = progress;
  const answered = outcomes.answered ?? 0;
  const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part === whole ? 0 : 1)} %` : "–");
  const tiles = [
    ["Finished", number(finished), `${share(finished, total)} of ${counted(total, "number")}`],
    [
      "Answered",
      share(answered, finished),
      failed
        ? `the application failed on ${number(failed)} of ${number(answered)}`
        : `${number(answered)} of ${number(finished)} finished`,
    ],
    ["Calling now", number(calling), calling ? "calls in progress" : "nobody at the moment"],
    [
      "Waiting",
      number(waiting),
      waiting ? (state === "running" ? "in the queue" : "until it is started") : "nobody is left",
    ],
    [
      "Undelivered",
      number(dead),
      dead
        ? html`<a href=${at("campaigns", id, "undelivered")}>results to look at</a>`
        : "all results arrived or on their way",
    ],
  ];
  const isBad = { Answered: failed, Undelivered: dead };
  return html`<section class="panel standing" aria-label="Progress">
    <dl class="tiles">
      ${tiles.map(
        ([word, value, words]) =>
          html`<div class=${isBad[word] ? "tile bad" : "tile"}>
            <dt>${word}</dt>
            <dd><b>${value}</b><span>${words}</span></dd>
          </div>`,
      )}
    </dl>
    <${Meter} progress=${progress} />
    <${Legend} progress=${progress} />
    <${Spoken} progress=${progress} state=${state} />
  </section>`;
}
