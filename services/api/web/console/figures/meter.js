// How far a campaign is: one bar of all its numbers, and what each part of it stands for.

import { html, useEffect, useRef, useState } from "../view.js";
import { OUTCOMES, counted, number, outcomeLabel } from "../words.js";

const SPEAK_EVERY_MS = 10_000;
const share = (part, whole) => (whole ? (100 * part) / whole : 0);

/** The parts of a progress, in the order they are drawn. */
export function partsOf(progress) {
  const outcomes = Object.keys(OUTCOMES)
    .filter((name) => progress.outcomes[name])
    .map((name) => ({ name, label: outcomeLabel(name), many: progress.outcomes[name] }));
  return [
    ...outcomes,
    ...(progress.calling ? [{ name: "calling", label: "Calling now", many: progress.calling }] : []),
    ...(progress.waiting ? [{ name: "waiting", label: "Waiting", many: progress.waiting }] : []),
  ];
}

/** The bar. */
export function Meter({ progress, small }) {
  const done = Math.floor(share(progress.finished, progress.total));
  return html`<div
    class=${`meter${small ? " small" : ""}`}
    role="progressbar"
    aria-label="Numbers finished"
    aria-valuemin="0"
    aria-valuemax=${progress.total}
    aria-valuenow=${progress.finished}
    aria-valuetext=${`${number(progress.finished)} of ${number(progress.total)} finished, ${done} %`}
  >
    ${partsOf(progress).map(({ name, many }) => html`<span key=${name} class=${name} style=${{ flexGrow: many }}></span>`)}
  </div>`;
}

/** What the colours stand for, with how many each is. */
export const Legend = ({ progress }) =>
  html`<ul class="legend">
    ${partsOf(progress).map(
      ({ name, label, many }) =>
        html`<li key=${name}>
          <i class=${name} aria-hidden="true"></i>${label} <b>${number(many)}</b>
          <span class="muted">${share(many, progress.total).toFixed(many === progress.total ? 0 : 1)} %</span>
        </li>`,
    )}
  </ul>`;

/** Why numbers did not come to an answer: most first. */
export function Failures({ outcomes }) {
  const failed = Object.entries(outcomes)
    .filter(([name]) => name !== "answered")
    .sort((a, b) => b[1] - a[1]);
  if (!failed.length) return html`<p class="quiet">No call went unanswered so far.</p>`;
  const most = failed[0][1];
  return html`<ul class="bars">
    ${failed.map(
      ([name, many]) =>
        html`<li key=${name} title=${OUTCOMES[name]?.tells}>
          <span class="bar-label">${outcomeLabel(name)}</span>
          <span class="bar-track"><span class=${name} style=${{ width: `${share(many, most)}%` }}></span></span>
          <b>${number(many)}</b>
        </li>`,
    )}
  </ul>`;
}

/** What a screen reader hears of it, not more often than every ten seconds. */
export function Spoken({ progress, state }) {
  const [said, setSaid] = useState("");
  const last = useRef({ at: 0, state });
  useEffect(() => {
    const over = state === "running" && progress.total > 0 && progress.finished === progress.total;
    const words = over
      ? `All ${number(progress.total)} numbers are finished.`
      : `${number(progress.finished)} of ${counted(progress.total, "number")} finished.`;
    if (!over && performance.now() - last.current.at < SPEAK_EVERY_MS && last.current.at) return;
    last.current = { at: performance.now(), state };
    setSaid(words);
  }, [progress.finished, progress.total, state]);
  return html`<p class="unseen" aria-live="polite">${said}</p>`;
}
