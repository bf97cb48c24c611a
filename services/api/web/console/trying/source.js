// What is tried out: the address of an application or a pasted document with its faults, and who answers.

import { html, useRef } from "../view.js";
import { Field, TextField, described } from "../forms.js";
import { Choices, Notice } from "../pieces.js";
import { counted } from "../words.js";

const NOWHERE = "http://document.invalid/start.vxml"; // a name that is never anybody's: nothing is asked there
const SHOWN = 4;
export const CALLEES = [
  ["person", "A person"],
  ["machine", "An answering machine"],
];
const EXAMPLE = `<?xml version="1.0"?>
<vxml version="2.1" xmlns="http://www.w3.org/2001/vxml" xml:lang="en-US">
  <menu>
    <prompt>Press 1 to confirm, or 2 to be called again.</prompt>
    <choice dtmf="1" next="#yes">yes</choice>
    <choice dtmf="2" next="#later">later</choice>
  </menu>
  <form id="yes"><block>Thank you. <exit expr="'confirmed'"/></block></form>
  <form id="later"><block>We call again. <exit expr="'later'"/></block></form>
</vxml>
`;

/** A source to begin with. */
export const newSource = (url) => ({ way: "address", url, document: EXAMPLE, base: NOWHERE, callee: "person", reference: "" });

/** What the API is sent of a source. */
export const asked = ({ way, url, document, base }) =>
  way === "address" ? { url: url.trim() } : { url: base.trim() || NOWHERE, document };

/** Choose it. */
export function SourceFields({ source, onChange, addresses, faults, errors, onLine }) {
  const change = (changes) => onChange({ ...source, ...changes });
  return html`<${Choices}
      label="What is tried out"
      value=${source.way}
      onChoose=${(way) => change({ way })}
      options=${[
        ["address", "An address"],
        ["document", "A document"],
      ]}
    />
    ${
      source.way === "address"
        ? html`<${TextField}
              id="url"
              label="Address of the application"
              type="url"
              inputmode="url"
              required
              list="addresses"
              placeholder="https://example.com/start.vxml"
              value=${source.url}
              error=${errors.url}
              onText=${(url) => change({ url })}
            />
            <datalist id="addresses">${addresses.map((each) => html`<option value=${each} />`)}</datalist>
            ${
              addresses.length > 0 &&
              html`<div class="suggested">
                <span class="muted">Of your campaigns</span>
                ${addresses.slice(0, SHOWN).map((each) => html`<button type="button" class="link" onClick=${() => change({ url: each })}>${each}</button>`)}
              </div>`
            }
            ${faults && html`<${Faults} told=${faults} />`}`
        : html`<${Document} ...${{ source, change, faults, errors, onLine }} />`
    }
    <${Field} label="Who answers" id="callee">
      <${Choices} label="Who answers" value=${source.callee} options=${CALLEES} onChoose=${(callee) => change({ callee })} />
    <//>
    <${TextField}
      id="reference"
      label="What the call is about"
      optional
      value=${source.reference}
      error=${errors.message_reference}
      hint="The message_reference of the number that is called, which the application is told."
      onText=${(reference) => change({ reference })}
    />`;
}

function Document({ source, change, faults, errors, onLine }) {
  const gutter = useRef(null);
  const lines = source.document.split("\n").length;
  const marks = new Map();
  for (const { line, refuses } of faults?.faults ?? []) marks.set(line, refuses || marks.get(line) || false);
  return html`<div class=${`field${errors.document ? " wrong" : ""}`}>
      <label for="document">VoiceXML document</label>
      <div class="editor">
        <div class="gutter" aria-hidden="true" ref=${gutter}>
          ${Array.from({ length: lines }, (_, i) => html`<span class=${mark(marks.get(i + 1))}>${i + 1}</span>`)}
        </div>
        <textarea
          id="document"
          rows="14"
          wrap="off"
          spellcheck=${false}
          autocapitalize="off"
          value=${source.document}
          onScroll=${(e) => {
            gutter.current.scrollTop = e.currentTarget.scrollTop;
          }}
          onInput=${(e) => change({ document: e.currentTarget.value })}
          ...${described("document", false, errors.document)}
        ></textarea>
      </div>
      ${errors.document && html`<p class="error" id="document-error">${errors.document}</p>`}
    </div>
    ${faults && html`<${Faults} told=${faults} onLine=${onLine} />`}
    <details class="base">
      <summary>Where it will be</summary>
      <${TextField}
        id="base"
        label="Its address"
        type="url"
        value=${source.base}
        error=${errors.url}
        hint="What the document refers to lies relative to it. The document itself is not asked for there."
        onText=${(base) => change({ base })}
      />
    </details>`;
}

const mark = (refuses) => (refuses === undefined ? "" : refuses ? "refused" : "thrown");

/** What `check` found, line by line; `onLine` leads to one. */
function Faults({ told, onLine }) {
  const many = told.faults.filter((each) => each.event !== "warning").length;
  if (!told.faults.length && told.runs) return html`<${Notice} kind="good">No faults were found.<//>`;
  const line = (each) =>
    onLine && each.line
      ? html`<button type="button" class="link" onClick=${() => onLine(each.line)}>Line ${each.line}</button>`
      : html`<b>Line ${each.line}</b>`;
  const runs = many
    ? "The document runs; what is wrong is thrown when it is reached."
    : "The document runs, and hardly as it is meant.";
  return html`<section class="faults" aria-label="Faults">
    <${Notice} kind=${told.runs ? "warning" : "bad"} title=${many ? counted(many, "fault") : counted(told.faults.length, "warning")}>
      ${told.runs ? runs : "The document is refused: whoever leads to it gets error.badfetch."}
    <//>
    <ul>
      ${told.faults.map(
        (each) =>
          html`<li class=${mark(each.refuses)}>
            <div>${line(each)} <code>${each.event}</code></div>
            <p>${each.detail}</p>
          </li>`,
      )}
    </ul>
  </section>`;
}
