// Schedules: the days of the week on which campaigns call.

import { html, useState } from "../view.js";
import { ask } from "../api.js";
import { Field, Refusal, TextField, described, useSending } from "../forms.js";
import { Confirm } from "../dialog.js";
import { useLive } from "../live.js";
import { Empty, Loaded, PageHead } from "../pieces.js";
import { nameOf } from "../plan.js";
import { at, go } from "../router.js";
import { DAYS, daysInWords } from "../words.js";

/** All schedules. */
export function Schedules() {
  const live = useLive("schedules", (signal) => ask("/api/schedules", { signal }), 0);
  const [leaving, setLeaving] = useState(null);
  return html`<${PageHead} title="Schedules" sub="The days on which campaigns call.">
      <a class="button primary" href=${at("schedules", "new")}>New schedule</a><//
    >
    <${Loaded} live=${live} what="schedules"
      >${(schedules) =>
        schedules.length
          ? html`<ul class="cards">
              ${schedules.map(
                (each) =>
                  html`<li class="card" key=${each.id}>
                    <a class="card-link" href=${at("schedules", each.id)}><h2>${nameOf(each)}</h2></a>
                    <span class="muted">${daysInWords(each.days)}</span>
                    <div class="week" aria-hidden="true">
                      ${DAYS.map(([day, name]) => html`<span class=${each.days.includes(day) ? "on" : ""}>${name[0]}</span>`)}
                    </div>
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
              title="No schedules yet"
              action=${html`<a class="button primary" href=${at("schedules", "new")}>Make the first one</a>`}
            >
              A schedule names days of the week, such as Monday, Wednesday and Friday. Campaigns share it.<//
            >`}
    <//>
    ${
      leaving &&
      html`<${Confirm}
        title=${`Delete schedule ${nameOf(leaving)}?`}
        action="Delete it"
        danger
        work=${() => ask(`/api/schedules/${leaving.id}`, { method: "DELETE" })}
        onClose=${(done) => {
          setLeaving(null);
          if (done) live.refresh();
        }}
      >
        No new campaign can use it. While a campaign uses it, it cannot be deleted.<//
      >`
    }`;
}

/** A schedule of its own page: a new one, or one to be changed. */
export function SchedulePage({ id }) {
  const live = useLive(`schedule ${id}`, (signal) => (id ? ask(`/api/schedules/${id}`, { signal }) : {}), 0);
  return html`<${PageHead}
      title=${id ? "Change schedule" : "New schedule"}
      above=${{ href: at("schedules"), label: "Schedules" }}
    />
    <${Loaded} live=${live} what="schedule"
      >${(schedule) =>
        html`<div class="panel narrow">
          <${ScheduleForm} schedule=${schedule} onDone=${() => go(at("schedules"))} />
        </div>`}<//
    >`;
}

/** The form; `onDone` is told the schedule as it is stored. */
export function ScheduleForm({ schedule = {}, onDone, onCancel }) {
  const [days, setDays] = useState(schedule.days ?? []);
  const [nickname, setNickname] = useState(schedule.nickname ?? "");
  const sending = useSending(async () => {
    const body = { days, nickname: nickname.trim() || null };
    const [path, method] = schedule.id ? [`/api/schedules/${schedule.id}`, "PATCH"] : ["/api/schedules", "POST"];
    const { response } = await ask(path, { method, body });
    onDone({ ...body, id: response.id });
  });
  const { errors } = sending;
  const toggle = (day) => setDays(days.includes(day) ? days.filter((each) => each !== day) : [...days, day]);
  return html`<form onSubmit=${sending.submit} ref=${sending.form} novalidate>
    <${Refusal} refused=${sending.refused} claimed=${["days", "nickname"]} />
    <${Field}
      id="days-mon"
      label="Days"
      error=${errors.days}
      hint=${schedule.id ? "Campaigns with this schedule follow it at once." : "Times of day are the campaign's own."}
    >
      <div class="day-toggles" role="group" aria-label="Days">
        ${DAYS.map(
          ([day, name]) =>
            html`<label key=${day}>
              <input
                type="checkbox"
                id=${`days-${day}`}
                checked=${days.includes(day)}
                onChange=${() => toggle(day)}
                ...${day === "mon" ? described("days-mon", true, errors.days) : {}}
              />
              <span>${name.slice(0, 3)}</span></label
            >`,
        )}
      </div>
    <//>
    <${TextField}
      id="nickname"
      label="Name"
      optional
      value=${nickname}
      onText=${setNickname}
      error=${errors.nickname}
      maxlength="64"
      placeholder="weekdays"
      hint="By which campaigns name it."
    />
    <div class="form-actions">
      <button class="primary" disabled=${sending.busy}>${schedule.id ? "Save" : "Make schedule"}</button>
      ${onCancel ? html`<button type="button" onClick=${onCancel}>Cancel</button>` : html`<a class="button" href=${at("schedules")}>Cancel</a>`}
    </div>
  </form>`;
}
