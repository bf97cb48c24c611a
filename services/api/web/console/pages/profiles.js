// Profiles: how many calls are placed within a period, and how long it is silent after it.

import { html, useState } from "../view.js";
import { ask } from "../api.js";
import { Refusal, TextField, useSending } from "../forms.js";
import { Confirm } from "../dialog.js";
import { useLive } from "../live.js";
import { Empty, Loaded, PageHead } from "../pieces.js";
import { paceInWords } from "../pace.js";
import { nameOf } from "../plan.js";
import { at, go } from "../router.js";

const FIELDS = ["period", "time_between_periods", "amount_per_period", "nickname"];

/** All profiles. */
export function Profiles() {
  const live = useLive("profiles", (signal) => ask("/api/profiles", { signal }), 0);
  const [leaving, setLeaving] = useState(null);
  return html`<${PageHead} title="Profiles" sub="The pace at which campaigns call.">
      <a class="button primary" href=${at("profiles", "new")}>New profile</a><//
    >
    <${Loaded} live=${live} what="profiles"
      >${(profiles) =>
        profiles.length
          ? html`<ul class="cards">
              ${profiles.map(
                (each) =>
                  html`<li class="card" key=${each.id}>
                    <a class="card-link" href=${at("profiles", each.id)}><h2>${nameOf(each)}</h2></a>
                    <p class="card-when">${paceInWords(each)}</p>
                    <${Beat} ...${each} />
                    <button
                      class="card-act quiet-button"
                      aria-label=${`Delete ${nameOf(each)}`}
                      onClick=${() => setLeaving(each)}
                    >
                      Delete
                    </button>
                  </li>`,
              )}
            </ul>`
          : html`<${Empty}
              title="No profiles yet"
              action=${html`<a class="button primary" href=${at("profiles", "new")}>Make the first one</a>`}
            >
              A profile says how fast a campaign calls: 100 calls in 30 minutes, then 10 minutes of silence, and so
              on.<//
            >`}
    <//>
    ${
      leaving &&
      html`<${Confirm}
        title=${`Delete profile ${nameOf(leaving)}?`}
        action="Delete it"
        danger
        work=${() => ask(`/api/profiles/${leaving.id}`, { method: "DELETE" })}
        onClose=${(done) => {
          setLeaving(null);
          if (done) live.refresh();
        }}
      >
        No new campaign can use it. While a campaign uses it, it cannot be deleted.<//
      >`
    }`;
}

/** Periods and silences as a strip: two hours of them. */
function Beat({ period, time_between_periods: silence }) {
  const whole = Math.max(120, period);
  const blocks = [];
  for (let from = 0; from < whole && blocks.length < 60; from += period + silence)
    blocks.push([from, Math.min(period, whole - from)]);
  return html`<div class="beat" aria-hidden="true">
    ${blocks.map(([from, length]) => html`<span style=${{ left: `${(100 * from) / whole}%`, width: `${(100 * length) / whole}%` }}></span>`)}
  </div>`;
}

/** A profile of its own page: a new one, or one to be changed. */
export function ProfilePage({ id }) {
  const live = useLive(`profile ${id}`, (signal) => (id ? ask(`/api/profiles/${id}`, { signal }) : {}), 0);
  return html`<${PageHead}
      title=${id ? "Change profile" : "New profile"}
      above=${{ href: at("profiles"), label: "Profiles" }}
    />
    <${Loaded} live=${live} what="profile"
      >${(profile) =>
        html`<div class="panel narrow">
          <${ProfileForm} profile=${profile} onDone=${() => go(at("profiles"))} />
        </div>`}<//
    >`;
}

/** The form; `onDone` is told the profile as it is stored. */
export function ProfileForm({ profile = {}, onDone, onCancel }) {
  const [fields, setFields] = useState(Object.fromEntries(FIELDS.map((name) => [name, String(profile[name] ?? "")])));
  const sending = useSending(async () => {
    const body = { ...fields, nickname: fields.nickname.trim() || null };
    const [path, method] = profile.id ? [`/api/profiles/${profile.id}`, "PATCH"] : ["/api/profiles", "POST"];
    const { response } = await ask(path, { method, body });
    const numbers = Object.fromEntries(FIELDS.slice(0, 3).map((name) => [name, Number(body[name])]));
    onDone({ ...numbers, nickname: body.nickname, id: response.id });
  });
  const field = (id, more) =>
    html`<${TextField}
      id=${id}
      value=${fields[id]}
      error=${sending.errors[id]}
      onText=${(text) => setFields((before) => ({ ...before, [id]: text }))}
      ...${more}
    />`;
  const meant = {
    period: Number(fields.period),
    time_between_periods: Number(fields.time_between_periods),
    amount_per_period: Number(fields.amount_per_period),
  };
  return html`<form onSubmit=${sending.submit} ref=${sending.form} novalidate>
    <${Refusal} refused=${sending.refused} claimed=${FIELDS} />
    <div class="three">
      ${field("amount_per_period", { label: "Calls in a period", inputmode: "numeric", placeholder: "100" })}
      ${field("period", { label: "Period, minutes", inputmode: "numeric", placeholder: "30" })}
      ${field("time_between_periods", { label: "Silence after it, minutes", inputmode: "numeric", placeholder: "10" })}
    </div>
    <p class="meaning" aria-live="polite">
      ${paceInWords(meant) || "Fill in the numbers: what they mean will stand here."}
    </p>
    ${field("nickname", { label: "Name", optional: true, maxlength: 64, placeholder: "MorningPace", hint: "By which campaigns name it." })}
    <div class="form-actions">
      <button class="primary" disabled=${sending.busy}>${profile.id ? "Save" : "Make profile"}</button>
      ${onCancel ? html`<button type="button" onClick=${onCancel}>Cancel</button>` : html`<a class="button" href=${at("profiles")}>Cancel</a>`}
    </div>
  </form>`;
}
