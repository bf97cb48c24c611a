// Add numbers to the end of a campaign's queue.

import { html, useState } from "../view.js";
import { ask, upload } from "../api.js";
import { Refusal, useSending } from "../forms.js";
import { useLive } from "../live.js";
import { BadLines, NO_NUMBERS, NumbersInput, Sending, asPart, badLines } from "../numbers_input.js";
import { Loaded, Notice, PageHead } from "../pieces.js";
import { at } from "../router.js";
import { counted } from "../words.js";

/** The page. */
export function Numbers({ id }) {
  const live = useLive(`campaign ${id}`, (signal) => ask(`/api/campaigns/${id}`, { signal }), 0);
  return html`<${PageHead} title="Add numbers" above=${{ href: at("campaigns", id), label: `Campaign ${id}` }} />
    <${Loaded} live=${live} what="campaign"
      >${(campaign) => html`<div class="panel narrow"><${Form} campaign=${campaign} /></div>`}<//
    >`;
}

function Form({ campaign }) {
  const [numbers, setNumbers] = useState(NO_NUMBERS);
  const [part, setPart] = useState(null);
  const [done, setDone] = useState(null);
  const sending = useSending(async (skip = false) => {
    setDone(null);
    setPart(0);
    try {
      const form = new FormData();
      form.append("campaign_id", campaign.id);
      if (skip) form.append("on_invalid", "skip");
      const list = asPart(numbers);
      if (list) form.append("phone_numbers", list, list.name);
      setDone((await upload("/api/campaigns/add-calls", form, setPart)).response);
      setNumbers(NO_NUMBERS);
    } finally {
      setPart(null);
    }
  });
  const bad = badLines(sending.refused);
  return html`<form onSubmit=${sending.submit} ref=${sending.form} novalidate>
    <p class="quiet">
      They go to the end of the queue, which holds ${counted(campaign.calls, "number")}.
      ${campaign.state === "running" ? " The campaign is running: they are called as soon as their turn comes." : ""}
    </p>
    ${
      done &&
      html`<${Notice} kind="good" title=${`${counted(done.added, "number")} added`}>
        <a href=${at("campaigns", campaign.id)}>Back to the campaign</a>
      <//>`
    }
    ${done?.invalid > 0 && html`<${BadLines} ...${done} stored=${done.added} />`}
    ${
      bad
        ? html`<${BadLines} ...${bad} busy=${sending.busy} onSkip=${() => sending.send(true)} />`
        : html`<${Refusal} refused=${sending.refused} claimed=${["phone_numbers"]} />`
    }
    <${NumbersInput} value=${numbers} onChange=${setNumbers} error=${bad ? null : sending.errors.phone_numbers} />
    <${Sending} part=${part} />
    <div class="form-actions">
      <button class="primary" disabled=${sending.busy}>Add numbers</button>
      <a class="button" href=${at("campaigns", campaign.id)}>Cancel</a>
    </div>
  </form>`;
}
