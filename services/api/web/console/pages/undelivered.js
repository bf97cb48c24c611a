// Results that a tenant's server did not take: of a campaign or of all, to be looked at and posted again.

import { html, useState } from "../view.js";
import { ask, askPage } from "../api.js";
import { Confirm } from "../dialog.js";
import { toTheSecond } from "../eastern.js";
import { useLive } from "../live.js";
import { Empty, Loaded, Notice, PageHead } from "../pieces.js";
import { at } from "../router.js";
import { counted, number } from "../words.js";
import { CampaignHead, useCampaign } from "./campaign.js";

const SHOWN = 200;
const UNDER_WAY_MS = 1500; // the results room is told by letter, and takes them up a moment later

/** Those of all campaigns. */
export const Undelivered = () =>
  html`<${PageHead}
      title="Undelivered results"
      sub="What the server behind a result_url did not take within 72 hours."
    /><${List} />`;

/** Those of one. */
export function UndeliveredOf({ id }) {
  const live = useCampaign(id);
  return html`<${Loaded} live=${live} what="campaign" page
    >${(campaign) =>
      html` <${CampaignHead} campaign=${campaign} here="undelivered" onChange=${live.refresh} />
        <${List} campaign=${id} onReplayed=${live.refresh} />`}<//
  >`;
}

function List({ campaign, onReplayed }) {
  const [asked, setAsked] = useState(false);
  const [done, setDone] = useState("");
  const query = new URLSearchParams({ limit: SHOWN, ...(campaign ? { campaign_id: campaign } : {}) });
  const live = useLive(`dead ${campaign}`, (signal) => askPage(`/api/deliveries?${query}`, { signal }), 10_000);
  const whose = campaign ? `of campaign ${campaign}` : "of all campaigns";
  async function replay() {
    const body = campaign ? { campaign_id: Number(campaign) } : {};
    const { response } = await ask("/api/deliveries/replay", { method: "POST", body });
    setDone(
      `${counted(response.dead_letters, "result")} ${response.dead_letters === 1 ? "is" : "are"} posted again now.`,
    );
  }
  return html` ${done && html`<${Notice} kind="good">${done}<//>`}
    <${Loaded} live=${live} what="results"
      >${({ items, next }) =>
        items.length
          ? html`<div class="list-head">
                <span class="muted"
                  >${next ? `The first ${number(items.length)}` : counted(items.length, "result")}</span
                >
                <button class="primary" onClick=${() => setAsked(true)}>Post all again</button>
              </div>
              <div class="panel flush">
                <table class="calls">
                  <caption class="unseen">
                    Undelivered results ${whose}; times are US Eastern
                  </caption>
                  <thead>
                    <tr>
                      <th scope="col">Call</th>
                      ${!campaign && html`<th scope="col">Campaign</th>`}
                      <th scope="col">Call ended</th>
                      <th scope="col">Tries</th>
                      <th scope="col">Last answer</th>
                    </tr>
                  </thead>
                  <tbody>
                    ${items.map(
                      (each) =>
                        html`<tr key=${each.id}>
                          <th scope="row">
                            <a href=${at("campaigns", each.campaign_id, "calls", each.call_id)}>${each.call_id}</a>
                          </th>
                          ${!campaign && html`<td data-label="Campaign"><a href=${at("campaigns", each.campaign_id)}>${each.campaign_id}</a></td>`}
                          <td data-label="Call ended">${toTheSecond(each.finished_at)}</td>
                          <td data-label="Tries">${each.tries}</td>
                          <td data-label="Last answer">${each.last_status ?? each.last_error ?? "–"}</td>
                        </tr>`,
                    )}
                  </tbody>
                </table>
              </div>`
          : html`<${Empty} title="Nothing is undelivered">Every result ${whose} arrived, or is on its way.<//>`}<//
    >
    ${
      asked &&
      html`<${Confirm}
        title="Post them again?"
        action="Post again"
        work=${replay}
        onClose=${(was) => {
          setAsked(false);
          if (was)
            setTimeout(() => {
              live.refresh();
              onReplayed?.();
            }, UNDER_WAY_MS);
        }}
      >
        <p>
          Every undelivered result ${whose} is posted within seconds, under the same <code>webhook-id</code> as before.
          Look first whether the server behind <code>result_url</code> answers again.
        </p><//
      >`
    }`;
}
