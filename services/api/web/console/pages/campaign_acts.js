// Starting, stopping and deleting a campaign: each says first what it will do.

import { html } from "../view.js";
import { ask } from "../api.js";
import { inSandbox } from "../clock.js";
import { Confirm } from "../dialog.js";
import { dayAndTime } from "../eastern.js";
import { at, go } from "../router.js";
import { counted, daysInWords, span } from "../words.js";

/** Start it, or let it go on. */
export function AskStart({ campaign, forecast, plan, onClose }) {
  const { id, state, progress } = campaign;
  const waiting = progress?.waiting ?? campaign.calls;
  const again = state === "stopped";
  const onward = again ? ", and it goes on where it was" : "";
  const hours = plan?.windows.map((each) => `${span(each)} (${each.name})`).join(", ");
  const first = forecast?.first_call_at && dayAndTime(forecast.first_call_at);
  const last = first && dayAndTime(forecast.last_call_at);
  return html`<${Confirm}
    title=${`${again ? "Go on with" : "Start"} campaign ${id}?`}
    action=${again ? "Go on" : "Start calling"}
    onClose=${onClose}
    work=${() => ask("/api/campaigns/start", { method: "POST", body: { campaign_id: id } })}
  >
    <p>
      ${inSandbox() ? "In a sandbox no telephone rings" : "Real telephones will ring"}:
      <b>${counted(waiting, "number")}</b> ${waiting === 1 ? "is waiting" : "are waiting"}${onward}.
    </p>
    <ul>
      ${plan && html`<li>It calls ${daysInWords(plan.days)}, ${hours}, US Eastern.</li>`}
      ${first && html`<li>The first call goes out ${first}, the last one ${last}.</li>`}
      ${forecast?.expires > 0 && html`<li>${counted(forecast.expires, "number")} would expire before their turn: see the forecast.</li>`}
      <li>You can stop it at any time.</li>
    </ul>
  <//>`;
}

/** Stop it. */
export function AskStop({ campaign, onClose }) {
  const { id, progress } = campaign;
  return html`<${Confirm}
    title=${`Stop campaign ${id}?`}
    action="Stop calling"
    danger
    onClose=${onClose}
    work=${() => ask("/api/campaigns/stop", { method: "POST", body: { campaign_id: id } })}
  >
    <ul>
      <li>
        Nobody else is called until it is started
        again${progress ? `: ${counted(progress.waiting, "number")} stay in the queue` : ""}.
      </li>
      <li>
        Calls in progress${progress?.calling ? ` (${progress.calling})` : ""} go on to their end, and their results are
        delivered.
      </li>
      <li>Its end date stays: what was not dialed by then expires.</li>
    </ul>
  <//>`;
}

/** Take it away. */
export function AskDelete({ campaign, onClose }) {
  const { id, progress } = campaign;
  return html`<${Confirm}
    title=${`Delete campaign ${id}?`}
    action="Delete it"
    danger
    onClose=${(done) => (done ? go(at("campaigns")) : onClose(false))}
    work=${() => ask(`/api/campaigns/${id}`, { method: "DELETE" })}
  >
    <p>This cannot be undone.</p>
    <ul>
      <li>
        From now on it calls
        nobody${progress?.waiting ? `: ${counted(progress.waiting, "waiting number")} will not be dialed` : ""}.
      </li>
      <li>Calls in progress go on to their end, and their results are delivered.</li>
      <li>Its progress and its calls can no longer be looked at. Its schedule and its profiles stay.</li>
    </ul>
  <//>`;
}
