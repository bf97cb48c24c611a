// A list of numbers: chosen as a file or pasted, sent with its progress, and what was wrong with its lines.

import { html, useRef, useState } from "./view.js";
import { Choices, Notice } from "./pieces.js";
import { counted, number } from "./words.js";

export const NO_NUMBERS = { way: "file", file: null, text: "" };

/** The list as a part of a form; null when there is none. */
export function asPart({ way, file, text }) {
  if (way === "file") return file;
  return text.trim() ? new File([text], "pasted.txt", { type: "text/plain" }) : null;
}

/** Choose a file, drop one, or paste lines. */
export function NumbersInput({ value, onChange, error, optional }) {
  const [over, setOver] = useState(false);
  const chooser = useRef(null);
  const change = (changes) => onChange({ ...value, ...changes });
  const lines = value.text.split("\n").filter((line) => line.trim()).length;
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer.files[0]) change({ way: "file", file: event.dataTransfer.files[0] });
  };
  return html`<div class=${`field${error ? " wrong" : ""}`}>
    <${Choices}
      label="How the numbers come"
      value=${value.way}
      onChoose=${(way) => change({ way })}
      options=${[
        ["file", "A file"],
        ["paste", "Paste them"],
      ]}
    />
    ${
      value.way === "file"
        ? html`<div
            class=${`drop${over ? " over" : ""}`}
            onDragOver=${(e) => {
              e.preventDefault();
              setOver(true);
            }}
            onDragLeave=${() => setOver(false)}
            onDrop=${drop}
          >
            <label for="phone_numbers"
              >List of numbers${optional && html` <span class="optional">optional</span>`}</label
            >
            <input
              ref=${chooser}
              id="phone_numbers"
              type="file"
              accept=".csv,.txt,text/csv,text/plain"
              aria-describedby="phone_numbers-hint"
              aria-invalid=${error ? "true" : undefined}
              onChange=${(e) => change({ file: e.currentTarget.files[0] ?? null })}
            />
            <p class="hint">
              ${value.file ? `${value.file.name}, ${size(value.file.size)}` : "Choose a .csv or .txt file, or drop it here."}
            </p>
          </div>`
        : html`<label for="phone_numbers"
              >Numbers, one in a line${optional && html` <span class="optional">optional</span>`}</label
            >
            <textarea
              id="phone_numbers"
              rows="8"
              spellcheck="false"
              value=${value.text}
              aria-describedby="phone_numbers-hint"
              aria-invalid=${error ? "true" : undefined}
              placeholder=${"tel:+12125550100; ani=6175550199, first\n2125550101"}
              onInput=${(e) => change({ text: e.currentTarget.value })}
            ></textarea>
            <p class="hint">${counted(lines, "line")}</p>`
    }
    <p class="hint" id="phone_numbers-hint">
      One entry a line: <code>tel:+12223334444; ani=7778889999, reference</code>. Only the number is needed; a first
      line without a digit is a heading.
    </p>
    ${error && html`<p class="error">${error}</p>`}
  </div>`;
}

/** How far an upload is: sending, then read line by line by the API. */
export function Sending({ part }) {
  if (part == null) return null;
  const arrived = part === 1;
  return html`<div class="sending">
    <progress max="1" value=${arrived ? undefined : part} aria-label="Upload"></progress>
    <span aria-live="polite">${arrived ? "The list has arrived; its lines are read and stored …" : "Sending the list …"}</span>
    ${!arrived && html`<span aria-hidden="true">${Math.floor(part * 100)} %</span>`}
  </div>`;
}

/** The lines nobody can call; `onSkip` stores the others. */
export function BadLines({ errors, invalid, stored, onSkip, busy }) {
  const more = invalid - errors.length;
  return html`<section class="bad-lines" aria-label="Bad lines">
    <${Notice} kind=${stored == null ? "bad" : "warning"} title=${`${counted(invalid, "line")} cannot be called`}>
      ${
        stored == null
          ? "Nothing of the list was stored. Mend the lines below and send it again, or go on without them."
          : `The other ${counted(stored, "number")} ${stored === 1 ? "is" : "are"} stored.`
      }
    <//>
    <div class="scroll" tabindex="0" role="region" aria-label="The bad lines">
      <table>
        <thead>
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          ${errors.map(
            ({ line, detail }) =>
              html`<tr>
                <th scope="row">${number(line)}</th>
                <td>${detail}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${more > 0 && html`<p class="quiet">… and ${number(more)} more; the first ${number(errors.length)} are shown.</p>`}
    ${onSkip && html`<p><button type="button" disabled=${busy} onClick=${onSkip}>Store the good lines, leave these out</button></p>`}
  </section>`;
}

/** What was refused because of the list's lines: for BadLines. */
export const badLines = (refused) =>
  refused?.kind === "bad-lines" ? { errors: refused.problem.errors, invalid: refused.problem.invalid } : null;

function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB"];
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toLocaleString("en-US", { maximumFractionDigits: power ? 1 : 0 })} ${units[power]}`;
}
