// The small pieces every page is made of: heads, badges, notices, empty places, menus of actions.

import { html, useEffect, useRef } from "./view.js";
import { at } from "./router.js";
import { CALL_STATES, STATES, applicationFailed, endingInWords, outcomeLabel } from "./words.js";

/** A page's head: where it lies, what it is called, and what can be done. Its heading takes the focus on arrival. */
export function PageHead({ title, above, badge, children, sub }) {
  const heading = useRef(null);
  useEffect(() => {
    document.title = `${title} · Paceline`;
    // The first page that is opened leaves the focus where the browser has it.
    if (document.body.dataset.arrived) heading.current?.focus({ preventScroll: true });
    document.body.dataset.arrived = "yes";
  }, [title]);
  return html`<header class="page-head">
    <div>
      ${above && html`<a class="above" href=${above.href}><span aria-hidden="true">←</span> ${above.label}</a>`}
      <div class="title-line">
        <h1 tabindex="-1" ref=${heading}>${title}</h1>
        ${badge}
      </div>
      ${sub && html`<p class="sub">${sub}</p>`}
    </div>
    ${children && html`<div class="actions">${children}</div>`}
  </header>`;
}

/** A panel with a heading. */
export function Panel({ title, aside, id, children, wide, flush }) {
  return html`<section class=${`panel${wide ? " wide" : ""}${flush ? " flush" : ""}`} aria-labelledby=${id}>
    <div class="panel-head">
      <h2 id=${id}>${title}</h2>
      ${aside}
    </div>
    ${children}
  </section>`;
}

/** The state of a campaign. */
export const StateBadge = ({ state }) =>
  html`<span class=${`badge state-${state}`} title=${STATES[state]?.tells}>${STATES[state]?.label ?? state}</span>`;

/** How a call ended, or how far it is. */
export function CallBadge({ call }) {
  if (call.disposition)
    return html`<span class=${`badge outcome ${call.disposition}`} title=${endingInWords(call)}>
      <i aria-hidden="true"></i>${outcomeLabel(call.disposition)}
      ${applicationFailed(call) && html`<span class="bad-text">application failed</span>`}</span
    >`;
  return html`<span class=${`badge call-${call.state}`}>${CALL_STATES[call.state] ?? call.state}</span>`;
}

/** A sentence that matters: info, good, warning or bad. Bad ones are read out at once. */
export const Notice = ({ kind = "info", title, children }) =>
  html`<div class=${`notice ${kind}`} role=${kind === "bad" ? "alert" : "status"}>
    ${title && html`<strong>${title}</strong>`}
    <div>${children}</div>
  </div>`;

/** A place where nothing is yet, and what to do about it. */
export const Empty = ({ title, children, action }) =>
  html`<div class="empty">
    <h2>${title}</h2>
    <p>${children}</p>
    ${action}
  </div>`;

/** Something is on its way. */
export const Loading = ({ what = "Loading" }) =>
  html`<p class="loading" role="status"><span class="spin" aria-hidden="true"></span>${what} …</p>`;

/** What was loaded, or why it was not; `page` says that the page's own head is in it. */
export function Loaded({ live, what, page, children }) {
  if (live.data !== undefined)
    return html`${live.error && html`<${Notice} kind="warning">${live.error.message} What you see may be old; it is asked for again.<//>`}
    ${children(live.data)}`;
  if (live.error)
    return html`${page && html`<${PageHead} title=${`No ${what} to show`} above=${{ href: at(), label: "Campaigns" }} />`}
      <${Notice} kind="bad" title=${page ? null : `No ${what} to show`}>${live.error.message}<//>`;
  return html`<${Loading} what=${`Loading ${what}`} />`;
}

/** Choices of which one holds, as a row of buttons. */
export const Choices = ({ label, value, options, onChoose }) =>
  html`<div class="choices" role="group" aria-label=${label}>
    ${options.map(([each, said]) => html`<button type="button" aria-pressed=${String(each === value)} onClick=${() => onChoose(each)}>${said}</button>`)}
  </div>`;

/** Pairs of a word and what stands behind it. */
export const Facts = ({ pairs }) =>
  html`<dl class="facts">
    ${pairs.filter(Boolean).map(
      ([word, said]) =>
        html`<div>
          <dt>${word}</dt>
          <dd>${said}</dd>
        </div>`,
    )}
  </dl>`;
