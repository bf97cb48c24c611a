// A try-out as a conversation: the application on the left, the callee on the right, and between them what else happens.

import { html, useEffect, useRef } from "../view.js";
import { ENDINGS, number } from "../words.js";
import { scenesOf } from "./scenes.js";

/** The conversation; it stays scrolled to its end, where the newest is. */
export function Conversation({ happenings, waits, busy }) {
  const frame = useRef(null);
  useEffect(() => {
    frame.current.scrollTop = frame.current.scrollHeight;
    // With the last answer the keypad has gone, and the focus was in it.
    if (!waits && !busy && document.activeElement === document.body) frame.current.focus({ preventScroll: true });
  }, [happenings, busy]);
  return html`<div class="talk" ref=${frame} tabindex="0" role="log" aria-label="The conversation" aria-busy=${String(busy)}><ol>
    ${scenesOf(happenings).map((scene, i) => html`<${Scene} key=${i} ...${scene} />`)}
    ${busy && html`<li class="aside-line"><span class="spin" aria-hidden="true"></span> One moment …</li>`}
    ${waits && !busy && html`<li class="aside-line waits"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span> It waits for the callee</li>`}
  </ol></div>`;
}

function Scene({ kind, at, parts }) {
  const [first] = parts;
  if (kind === "app")
    return html`<li class="bubble app">
      <${Head} who="Application" at=${at} />
      ${parts.map((part) => html`<${Spoken} ...${part} />`)}
    </li>`;
  if (kind === "keys")
    return html`<li class="bubble callee">
      <${Head} who="Callee" at=${at} more=${first.cut && "cuts in"} />
      <p class="keys">${parts.map(({ text }) => html`<kbd>${text}</kbd>`)}</p>
    </li>`;
  if (kind === "words")
    return html`<li class="bubble callee">
      <${Head} who="Callee" at=${at} more=${first.cut && "cuts in"} />
      <p>“${first.text}”</p>
    </li>`;
  if (kind === "fetched") return html`<${Fetches} at=${at} parts=${parts} />`;
  if (kind === "ended") return html`<${Ending} ...${first} />`;
  return html`<${Aside} kind=${kind} at=${at} part=${first} />`;
}

const Head = ({ who, at, more }) =>
  html`<div class="bubble-head">
    <b>${who}</b> <span>${second(at)}</span> ${more && html`<span class="tag">${more}</span>`}
  </div>`;

function Spoken({ kind, text, src, seconds, name }) {
  if (kind === "said") return html`<p>${text}</p>`;
  if (kind === "audio")
    return html`<p class="audio">
      <span aria-hidden="true">♪</span> <span class="unseen">Audio</span> <code>${src}</code>
      ${text && html`<span class="or-else">or else: ${text}</span>`}
    </p>`;
  if (kind === "pause") return html`<p class="rest">a pause of ${length(seconds)}</p>`;
  return html`<p class="rest">mark ${name}</p>`;
}

/** What was fetched: folded, as it is of no matter to the callee. */
function Fetches({ at, parts }) {
  const names = parts.map(({ url }) => nameOf(url));
  return html`<li class="aside-line fetched">
    <details>
      <summary>
        <span>Fetched ${names.length > 2 ? `${number(names.length)} documents` : names.join(", ")}</span>
        <span class="when">${second(at)}</span>
      </summary>
      <ul>
        ${parts.map(({ url, bytes }) => html`<li><code>${url}</code> <span>${number(bytes)} bytes</span></li>`)}
      </ul>
    </details>
  </li>`;
}

/** What neither of them says. */
function Aside({ kind, at, part }) {
  return html`<li class=${`aside-line of-${kind}`}>
    <span class="aside-words">${ASIDES[kind]?.(part) ?? html`${kind}`}</span> <span class="when">${second(at)}</span>
  </li>`;
}

const place = ({ document, line }) => html`<span class="place" title=${document}>${nameOf(document)}, line ${line}</span>`;
const event = (part) =>
  html`<b>${part.name}</b> ${part.document && place(part)} ${part.message && html`<span class="message">${part.message}</span>`}`;
const ASIDES = {
  silence: ({ seconds }) => html`${length(seconds)} of silence`,
  not_fetched: ({ url, reason }) => html`<b>Not fetched</b> <code>${url}</code> <span class="message">${reason}</span>`,
  recorded: ({ seconds, term_char: key }) => html`Recorded for ${length(seconds)}${key && `, ended by ${key}`}`,
  transferred: ({ destination, result, seconds }) =>
    html`Transferred to <code>${destination}</code> <span>${result}, ${length(seconds)}</span>`,
  hangup: () => html`The callee hangs up`,
  disconnected: () => html`The application hangs up`,
  log: ({ label, text }) => html`<b>${label || "log"}</b> <code>${text}</code>`,
  event,
  error: event,
};

/** How it ended, and what it gave. */
function Ending({ at, how, value, event: name, message }) {
  const badly = how === "error" || how === "limit";
  return html`<li class=${`ending ${badly ? "badly" : "well"}`}>
    <div><b>${ENDINGS[how] ?? how}</b> <span>after ${second(at)}</span></div>
    ${value != null && html`<pre tabindex="0" aria-label="What it gave">${typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>`}
    ${name && (badly || value == null) && html`<code>${name}</code>`} ${message && html`<p>${message}</p>`}
  </li>`;
}

const second = (at) => `${at.toFixed(1)} s`;
const length = (seconds) => `${Number(seconds.toFixed(2))} s`;

/** The last part of an address, as people call a document. */
function nameOf(url) {
  const path = url.split(/[?#]/)[0].replace(/\/+$/, "");
  return path.slice(path.lastIndexOf("/") + 1) || url;
}
