// The calls of a campaign: all, or those in a state or of an outcome; page by page, or as a file.

import { html, useEffect, useState } from "../view.js";
import { askFile, askPage } from "../api.js";
import { lasting, toTheSecond } from "../eastern.js";
import { SelectField } from "../forms.js";
import { CallBadge, Empty, Loaded, Loading, Notice } from "../pieces.js";
import { at } from "../router.js";
import { CALL_STATES, OUTCOMES, number } from "../words.js";
import { CampaignHead, useCampaign } from "./campaign.js";

const PAGE = 100;
const EMPTY_PAGES = 20; // a page may hold nothing though there is more: so many are passed over at once

/** The page. */
export function Calls({ id }) {
  const live = useCampaign(id);
  return html`<${Loaded} live=${live} what="campaign" page
    >${(campaign) =>
      html` <${CampaignHead} campaign=${campaign} here="calls" onChange=${live.refresh} />
        <${CallList} campaign=${campaign} />`}<//
  >`;
}

function CallList({ campaign }) {
  const [wanted, setWanted] = useState({ state: "", disposition: "" });
  const filter = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
  const path = `/api/campaigns/${campaign.id}/calls`;
  const list = usePages(`${path}?${new URLSearchParams([...filter, ["limit", PAGE]])}`);
  const change = (changes) => setWanted((before) => ({ ...before, ...changes }));
  const all = () => setWanted({ state: "", disposition: "" });
  const nothing = !list.loading && !list.error && !list.items.length && !list.next;
  return html` <form class="filters" role="search" onSubmit=${(e) => e.preventDefault()}>
      <${SelectField}
        id="state"
        label="State"
        value=${wanted.state}
        placeholder="Any"
        options=${Object.entries(CALL_STATES)}
        onChoose=${(state) => change({ state, ...(state && state !== "finished" ? { disposition: "" } : {}) })}
      />
      <${SelectField}
        id="disposition"
        label="Outcome"
        value=${wanted.disposition}
        placeholder="Any"
        options=${Object.entries(OUTCOMES).map(([name, { label }]) => [name, label])}
        onChoose=${(disposition) => change({ disposition, ...(disposition ? { state: "" } : {}) })}
      />
      <div class="filter-acts">
        <button type="button" onClick=${list.again}>Load anew</button>
        <${SaveAs}
          path=${`${path}?${new URLSearchParams([...filter, ["format", "csv"]])}`}
          name=${`campaign-${campaign.id}-calls.csv`}
        />
      </div>
    </form>
    ${list.error && html`<${Notice} kind=${list.error.kind === "calls-dropped" ? "warning" : "bad"}>${list.error.message}<//>`}
    ${list.items.length > 0 && html`<${Table} calls=${list.items} campaign=${campaign} />`}
    ${list.loading && html`<${Loading} what="Loading calls" />`}
    ${nothing && html`<${Nothing} campaign=${campaign} filtered=${[...filter].length > 0} onAll=${all} />`}
    ${
      !list.loading &&
      list.next &&
      html`<p class="more">
        <button onClick=${list.more}>Load more</button>
        <span class="muted">${number(list.items.length)} shown</span>
      </p>`
    }`;
}

const Nothing = ({ campaign, filtered, onAll }) =>
  filtered
    ? html`<${Empty} title="No such calls" action=${html`<button onClick=${onAll}>Show all calls</button>`}
        >None of this campaign's calls is in this state or ended so.<//
      >`
    : html`<${Empty}
        title="No numbers yet"
        action=${html`<a class="button primary" href=${at("campaigns", campaign.id, "numbers")}>Add numbers</a>`}
        >A list of numbers is called in its order, from the first to the last.<//
      >`;

function Table({ calls, campaign }) {
  return html`<div class="panel flush">
    <table class="calls">
      <caption class="unseen">
        Calls of campaign ${campaign.id}; times are US Eastern
      </caption>
      <thead>
        <tr>
          <th scope="col">Number</th>
          <th scope="col">Outcome</th>
          <th scope="col">Reference</th>
          <th scope="col">Last dialed</th>
          <th scope="col">Duration</th>
          <th scope="col">Tries</th>
        </tr>
      </thead>
      <tbody>
        ${calls.map(
          (call) =>
            html`<tr key=${call.id}>
              <th scope="row"><a href=${at("campaigns", campaign.id, "calls", call.id)}>${call.phone_number}</a></th>
              <td><${CallBadge} call=${call} /></td>
              <td>${call.message_reference ?? "–"}</td>
              <td data-label="">
                ${call.last_attempt_timestamp ? toTheSecond(call.last_attempt_timestamp * 1000) : "–"}
              </td>
              <td data-label="Duration">${call.disposition === "answered" ? lasting(call.duration) : "–"}</td>
              <td data-label="Tries">${call.attempts}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The pages of a list, one after the other as they are asked for. */
function usePages(path) {
  const [state, setState] = useState({ path: null, items: [], next: null, loading: true, error: null });
  async function load(from, before, signal) {
    setState({ path, items: before, next: null, loading: true, error: null });
    try {
      let page = await askPage(from, { signal });
      for (let i = 0; !page.items.length && page.next && i < EMPTY_PAGES; i += 1)
        page = await askPage(page.next, { signal });
      if (!signal?.aborted)
        setState({ path, items: [...before, ...page.items], next: page.next, loading: false, error: null });
    } catch (error) {
      if (!signal?.aborted) setState({ path, items: before, next: null, loading: false, error });
    }
  }
  useEffect(() => {
    const over = new AbortController();
    load(path, [], over.signal);
    return () => over.abort();
  }, [path]);
  const here = state.path === path ? state : { items: [], next: null, loading: true, error: null };
  return { ...here, more: () => load(state.next, state.items), again: () => load(path, []) };
}

/** Fetch all of the list as a file, with the token that a plain link would not send. */
function SaveAs({ path, name }) {
  const [state, setState] = useState({ busy: false, error: null });
  async function save() {
    setState({ busy: true, error: null });
    try {
      const address = URL.createObjectURL(await askFile(path));
      Object.assign(document.createElement("a"), { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      setState({ busy: false, error: null });
    } catch (error) {
      setState({ busy: false, error });
    }
  }
  return html`<button type="button" disabled=${state.busy} onClick=${save}>
      ${state.busy ? "Fetching …" : "Save as CSV"}
    </button>
    ${state.error && html`<span class="bad-text" role="alert">${state.error.message}</span>`}`;
}
