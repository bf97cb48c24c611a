// Fields that carry their own refusals, and what a form does when it is sent.

import { html, useEffect, useRef, useState } from "./view.js";
import { Notice } from "./pieces.js";

/** A labelled field; `error` is what the API said of it, `hint` what it is for. */
export function Field({ id, label, hint, error, optional, children }) {
  return html`<div class=${`field${error ? " wrong" : ""}`}>
    <label for=${id}>${label}${optional && html` <span class="optional">optional</span>`}</label>
    ${children ?? null} ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}
    ${error && html`<p class="error" id=${`${id}-error`}>${sentence(error)}</p>`}
  </div>`;
}

/** A field of one line. */
export function TextField({ id, label, hint, error, optional, value, onText, type = "text", ...more }) {
  return html`<${Field} ...${{ id, label, hint, error, optional }}>
    <input
      id=${id}
      name=${id}
      type=${type}
      value=${value}
      onInput=${(e) => onText(e.currentTarget.value)}
      ...${described(id, hint, error)}
      ...${more}
    />
  <//>`;
}

/** A field of which one of several is chosen. */
export function SelectField({ id, label, hint, error, value, options, onChoose, placeholder }) {
  return html`<${Field} ...${{ id, label, hint, error }}>
    <select
      id=${id}
      name=${id}
      value=${value}
      onChange=${(e) => onChoose(e.currentTarget.value)}
      ...${described(id, hint, error)}
    >
      ${placeholder && html`<option value="">${placeholder}</option>`}
      ${options.map(([each, said]) => html`<option value=${each} selected=${String(each) === String(value)}>${said}</option>`)}
    </select>
  <//>`;
}

/** What ties a field to its hint and its refusal. */
export const described = (id, hint, error) => ({
  "aria-describedby": [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ") || undefined,
  "aria-invalid": error ? "true" : undefined,
});

/**
 * How a form is sent: `submit` for its onSubmit, whether it is `busy`, and what was refused.
 * `claimed` are the names of its fields: what the API says of others stands above the form.
 */
export function useSending(work) {
  const [state, setState] = useState({ busy: false, refused: null });
  const form = useRef(null);
  useEffect(() => {
    if (state.refused) form.current?.querySelector("[aria-invalid]")?.focus();
  }, [state.refused]);
  async function send(...details) {
    setState({ busy: true, refused: null });
    try {
      await work(...details);
      setState({ busy: false, refused: null });
    } catch (refused) {
      setState({ busy: false, refused });
    }
  }
  const submit = (event) => {
    event.preventDefault();
    if (!state.busy) send();
  };
  return { ...state, form, send, submit, errors: state.refused?.fields ?? {} };
}

/** What was refused, above the form: the sentence, and what no field of it shows. */
export function Refusal({ refused, claimed = [] }) {
  if (!refused) return null;
  const shown = (name) => claimed.some((each) => name === each || name.startsWith(`${each}.`));
  const others = Object.entries(refused.fields ?? {}).filter(([name]) => !shown(name));
  const count = Object.keys(refused.fields ?? {}).length - others.length;
  const words = count ? "Some of it does not fit: what is wrong stands beside the fields." : refused.message;
  return html`<${Notice} kind="bad"
    >${words}
    ${
      others.length > 0 &&
      html`<ul>
        ${others.map(([name, said]) => html`<li><code>${name}</code> ${said}</li>`)}
      </ul>`
    }
  <//>`;
}

/** "is required" as a sentence. */
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
