// The windows of a campaign in its form: from when to when, and at which pace.

import { html, useState } from "../view.js";
import { described } from "../forms.js";
import { paceInWords } from "../pace.js";
import { nameOf } from "../plan.js";
import { MakeProfile } from "./making.js";

/** Rows of a profile and two times; `errors` are the API's, such as profiles.0.end_time. */
export function Windows({ windows, profiles, errors, onChange, onMade }) {
  const [making, setMaking] = useState(null);
  const change = (place, changes) => onChange(windows.map((each, i) => (i === place ? { ...each, ...changes } : each)));
  const add = () =>
    onChange([
      ...windows,
      {
        profile: windows.at(-1)?.profile ?? "",
        start_time: "",
        end_time: "",
        key: Math.max(0, ...windows.map(({ key }) => key)) + 1,
      },
    ]);
  return html` ${errors.profiles && html`<p class="error" id="profiles-error">${errors.profiles}</p>`}
    <ul class="window-rows">
      ${windows.map(
        (window, place) =>
          html`<li key=${window.key}>
            <${Row}
              window=${window}
              place=${place}
              profiles=${profiles}
              errors=${errors}
              alone=${windows.length === 1}
              onChange=${(changes) => change(place, changes)}
              onRemove=${() => onChange(windows.filter((_, i) => i !== place))}
            />
          </li>`,
      )}
    </ul>
    <p class="hint">US Eastern. A window that ends no later than it starts reaches into the next day.</p>
    <p>
      <button type="button" class="link" onClick=${add}>Add a window</button> ·${" "}
      <button type="button" class="link" onClick=${() => setMaking(windows.length - 1)}>Make a profile</button>
    </p>
    ${
      making !== null &&
      html`<${MakeProfile}
        onClose=${() => setMaking(null)}
        onMade=${(it) => {
          onMade(it);
          change(making, { profile: String(it.id) });
          setMaking(null);
        }}
      />`
    }`;
}

function Row({ window, place, profiles, errors, alone, onChange, onRemove }) {
  const id = (name) => `profiles.${place}.${name}`;
  const time = (name, label) =>
    html`<div class="field">
      <label for=${id(name)}>${label}</label>
      <input
        id=${id(name)}
        type="time"
        value=${window[name]}
        onInput=${(e) => onChange({ [name]: e.currentTarget.value })}
        ...${described(id(name), false, errors[id(name)])}
      />
      ${errors[id(name)] && html`<p class="error" id=${`${id(name)}-error`}>${errors[id(name)]}</p>`}
    </div>`;
  const pace = profiles.find((each) => String(each.id) === window.profile);
  const whole = errors[`profiles.${place}`];
  return html`<div class="window-row">
    ${time("start_time", "From")}${time("end_time", "To")}
    <div class="field">
      <label for=${id("profile")}>Profile</label>
      <select
        id=${id("profile")}
        value=${window.profile}
        onChange=${(e) => onChange({ profile: e.currentTarget.value })}
        ...${described(id("profile"), true, errors[id("profile")])}
      >
        <option value="">Choose the pace …</option>
        ${profiles.map((each) => html`<option value=${each.id} selected=${String(each.id) === window.profile}>${nameOf(each)}</option>`)}
      </select>
      ${errors[id("profile")] && html`<p class="error" id=${`${id("profile")}-error`}>${errors[id("profile")]}</p>`}
    </div>
    ${!alone && html`<button type="button" class="quiet-button" aria-label=${`Remove window ${place + 1}`} onClick=${onRemove}>Remove</button>`}
    <p class="hint" id=${`${id("profile")}-hint`}>
      ${pace ? paceInWords(pace) : "A profile says how many calls are placed, and how fast."}
    </p>
    ${whole && html`<p class="error">${whole}</p>`}
  </div>`;
}
