// One call: what became of it or why it waits, step by step, and whether its result arrived.

import { html } from "../view.js";
import { ask } from "../api.js";
import { dayAndTime, lasting, toTheSecond } from "../eastern.js";
import { useLive } from "../live.js";
import { CallBadge, Facts, Loaded, PageHead, Panel } from "../pieces.js";
import { at } from "../router.js";
import { ENDINGS, applicationFailed, counted, endingInWords, number } from "../words.js";

const STEPS = {
  granted: "Given a slot",
  lapsed: "Slot passed unused",
  dialed: "Dialed",
  orphaned: "Its dialer was lost",
  unknown: "Given up on",
  ended: "Ended",
};
const DELIVERIES = { pending: "On its way", delivered: "Delivered", dead: "Given up: it can be posted again" };

/** The page. */
export function CallPage({ campaign, id }) {
  const live = useLive(`call ${id}`, (signal) => ask(`/api/calls/${id}`, { signal }), 3000);
  return html`<${Loaded} live=${live} what="call" page
    >${(call) =>
      html` <${PageHead}
          title=${call.phone_number}
          badge=${html`<${CallBadge} call=${call} />`}
          above=${{ href: at("campaigns", campaign, "calls"), label: `Calls of campaign ${campaign}` }}
          sub=${call.message_reference ? `Reference ${call.message_reference}` : undefined}
        />
        <div class="grid">
          ${call.why && html`<${Why} why=${call.why} />`}
          ${
            call.disposition &&
            html`<${Panel} id="ending" title="How it ended">
              <p class="why">${endingInWords(call)}</p>
              ${call.error_message && html`<p class=${applicationFailed(call) ? "bad-text" : "quiet"}>${call.error_message}</p>`}<//
            >`
          }
          ${call.application_result && html`<${Application} did=${call.application_result} />`}
          <${Panel} id="history" title="Step by step">
            ${
              call.history.length
                ? html`<ol class="history">
                    ${call.history.map((step) => html`<${Step} ...${step} />`)}
                  </ol>`
                : html`<p class="quiet">Nothing has happened to it yet.</p>`
            }<//
          >
          <${Panel} id="facts" title="The call"
            ><${Facts}
              pairs=${[
                ["Number", call.phone_number],
                ["Number shown", call.ani ?? "the line's own"],
                ["Reference", call.message_reference ?? "–"],
                ["Call id", String(call.id)],
                ["Times dialed", number(call.attempts)],
                call.last_attempt_timestamp && ["Last dialed", toTheSecond(call.last_attempt_timestamp * 1000)],
                call.disposition === "answered" && ["Duration", lasting(call.duration)],
                call.callee_type && ["Who answered", call.callee_type.replaceAll("_", " ")],
              ]}
          /><//>
          <${Panel} id="delivery" title="Its result"
            ><${Delivery} delivery=${call.delivery} campaign=${campaign} finished=${call.state === "finished"}
          /><//>
        </div>`}<//
  >`;
}

const Application = ({ did }) =>
  html`<${Panel} id="application" title="What the application did">
    <${Facts}
      pairs=${[
        ["Ending", ENDINGS[did.ended] ?? did.ended],
        did.value != null && ["It gave", html`<${Given} value=${did.value} />`],
        did.digits.length > 0 && [
          "Keyed in",
          html`${did.digits.map((keys, i) => html`${i > 0 && " "}${keys === null ? html`<i>kept private</i>` : html`<kbd>${keys}</kbd>`}`)}`,
        ],
        did.event && ["Event", html`<code>${did.event}</code>`],
        did.document && ["Last document", html`<code class="long">${did.document}</code>`],
        did.cut && ["Left out", "What was too long to keep"],
      ]}
  /><//>`;

/** A value: one of names and values has a line for each. */
function Given({ value }) {
  const told = (each) => html`<code>${typeof each === "string" ? each : JSON.stringify(each)}</code>`;
  if (typeof value !== "object" || Array.isArray(value)) return told(value);
  return html`<ul class="given">
    ${Object.entries(value).map(([name, each]) => html`<li><span>${name}</span> ${told(each)}</li>`)}
  </ul>`;
}

const Step = ({ at: instant, what, detail }) =>
  html`<li class=${what}>
    <time datetime=${instant}>${toTheSecond(instant)}</time><b>${STEPS[what] ?? what}</b><span>${detail}</span>
  </li>`;

const Why = ({ why }) =>
  html`<${Panel} id="why" title="Why it waits" wide>
    <p class="why">${why.detail}</p>
    <${Facts}
      pairs=${[
        why.ahead != null && ["Before it in the queue", counted(why.ahead, "number")],
        why.expected_at && ["Expected", dayAndTime(why.expected_at)],
      ]}
  /><//>`;

function Delivery({ delivery, campaign, finished }) {
  if (!delivery)
    return html`<p class="quiet">
      ${finished ? "Nothing was posted: the campaign has no result_url, or had none." : "It is posted when the call has ended."}
    </p>`;
  return html`<${Facts}
      pairs=${[
        [
          "State",
          html`<span class=${delivery.state === "dead" ? "bad-text" : ""}
            >${DELIVERIES[delivery.state] ?? delivery.state}</span
          >`,
        ],
        ["Tries", number(delivery.tries)],
        delivery.last_status && ["Last answer", String(delivery.last_status)],
        delivery.last_error && ["Last error", delivery.last_error],
        delivery.next_at && ["Next try", toTheSecond(delivery.next_at)],
        ["webhook-id", html`<code>${delivery.id}</code>`],
      ]}
    />
    ${delivery.state === "dead" && html`<p><a href=${at("campaigns", campaign, "undelivered")}>Undelivered results of this campaign</a></p>`}`;
}
