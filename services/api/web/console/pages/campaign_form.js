// Make a campaign, or change one: when it calls, how fast, by which application, and whom.

import { html, useEffect, useState } from "../view.js";
import { ask, upload } from "../api.js";
import { timeOfAccount } from "../clock.js";
import { daysLater, onTheWall } from "../eastern.js";
import { Refusal, SelectField, TextField, useSending } from "../forms.js";
import { Timetable } from "../figures/timetable.js";
import { useLive } from "../live.js";
import { BadLines, NO_NUMBERS, NumbersInput, Sending, asPart, badLines } from "../numbers_input.js";
import { Loaded, Notice, PageHead } from "../pieces.js";
import { findProfile, makePlan, nameOf } from "../plan.js";
import { at, go } from "../router.js";
import { counted } from "../words.js";
import { Windows } from "./windows.js";
import { MakeSchedule } from "./making.js";

const CLAIMED = ["start_date", "end_date", "schedule", "profiles", "start_url", "result_url", "phone_numbers"];
const START_URL = {
  type: "url",
  placeholder: "https://example.com/start.vxml",
  hint: "Your VoiceXML application: it talks to whoever answers.",
};
const RESULT_URL = {
  type: "url",
  optional: true,
  placeholder: "https://example.com/results",
  hint: "How each call ended is posted there, signed. Empty: nowhere.",
};
const DATES = [
  ["start_date", "First day"],
  ["end_date", "Last day"],
];

/** A new campaign. */
export const NewCampaign = () =>
  html`<${PageHead} title="New campaign" above=${{ href: at("campaigns"), label: "Campaigns" }} /><${Prepared} />`;

/** A campaign that is there. */
export const ChangeCampaign = ({ id }) =>
  html`<${PageHead}
      title=${`Change campaign ${id}`}
      above=${{ href: at("campaigns", id), label: `Campaign ${id}` }}
    /><${Prepared} id=${id} />`;

function Prepared({ id }) {
  const live = useLive(
    `form ${id}`,
    async (signal) => {
      const found = await Promise.all([
        ask("/api/schedules", { signal }),
        ask("/api/profiles", { signal }),
        id ? ask(`/api/campaigns/${id}`, { signal }) : null,
      ]);
      return [...found, await timeOfAccount(signal)]; // the house's is known by its answers
    },
    0,
  );
  return html`<${Loaded} live=${live} what="form"
    >${([schedules, profiles, campaign, now]) => html`<${Form} ...${{ schedules, profiles, campaign, now }} />`}<//
  >`;
}

function begin(campaign, schedules, profiles, now) {
  const today = onTheWall(now).date;
  return {
    start_date: campaign?.start_date ?? today,
    end_date: campaign?.end_date ?? daysLater(today, 7),
    schedule: String(campaign?.schedule ?? (schedules.length === 1 ? schedules[0].id : "")),
    profiles: (
      campaign?.profiles ?? [
        {
          profile: profiles.length === 1 ? nameOf(profiles[0]).replace("#", "") : "",
          start_time: "09:00",
          end_time: "17:00",
        },
      ]
    ).map((each, key) => ({ ...each, profile: String(findProfile(profiles, each.profile)?.id ?? ""), key })),
    start_url: campaign?.start_url ?? "",
    result_url: campaign?.result_url ?? "",
  };
}

function Form({ schedules: known, profiles: knownProfiles, campaign, now }) {
  const [schedules, setSchedules] = useState(known);
  const [profiles, setProfiles] = useState(knownProfiles);
  const [fields, setFields] = useState(() => begin(campaign, known, knownProfiles, now));
  const [numbers, setNumbers] = useState(NO_NUMBERS);
  const [part, setPart] = useState(null);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState(null);
  const change = (changes) => setFields((before) => ({ ...before, ...changes }));
  const sending = useSending(async (skip = false) => {
    if (campaign) {
      await ask(`/api/campaigns/${campaign.id}`, { method: "PATCH", body: changesOf(campaign, fields, profiles) });
      return go(at("campaigns", campaign.id));
    }
    setPart(0);
    try {
      const { response } = await upload("/api/campaigns", formOf(fields, numbers, skip, profiles), setPart);
      if (response.invalid > 0) return setMade(response);
      return go(at("campaigns", response.id));
    } finally {
      setPart(null);
    }
  });
  const { errors } = sending;
  const bad = badLines(sending.refused);
  if (made) return html`<${Made} made=${made} />`;
  const text = (id, label, more) =>
    html`<${TextField}
      id=${id}
      label=${label}
      value=${fields[id]}
      error=${errors[id]}
      onText=${(value) => change({ [id]: value })}
      ...${more}
    />`;
  const schedule = schedules.find((each) => String(each.id) === fields.schedule);
  const plan = makePlan(fields, schedule, profiles);
  return html`<form class="sheet" onSubmit=${sending.submit} ref=${sending.form} novalidate>
      ${
        bad
          ? html`<${BadLines} ...${bad} busy=${sending.busy} onSkip=${() => sending.send(true)} />`
          : html`<${Refusal} refused=${sending.refused} claimed=${CLAIMED} />`
      }
      <fieldset class="panel">
        <legend>Days</legend>
        <div class="two">${DATES.map(([id, label]) => text(id, label, { type: "date" }))}</div>
        <${SelectField}
          id="schedule"
          label="Schedule"
          value=${fields.schedule}
          error=${errors.schedule}
          placeholder="Choose the days of the week …"
          options=${schedules.map((each) => [each.id, nameOf(each)])}
          onChoose=${(id) => change({ schedule: id })}
        />
        <button type="button" class="link" onClick=${() => setMaking(true)}>Make a schedule</button>
      </fieldset>
      <fieldset class="panel">
        <legend>Hours and pace</legend>
        <${Windows}
          windows=${fields.profiles}
          profiles=${profiles}
          errors=${errors}
          onChange=${(windows) => change({ profiles: windows })}
          onMade=${(profile) => setProfiles((before) => [...before, profile])}
        />
        <${Timetable} days=${plan.days} windows=${plan.windows.filter((each) => each.start_time && each.end_time)} />
      </fieldset>
      <fieldset class="panel">
        <legend>Addresses</legend>
        ${text("start_url", "Application", START_URL)} ${text("result_url", "Results go to", RESULT_URL)}
      </fieldset>
      ${
        !campaign &&
        html`<fieldset class="panel">
          <legend>Numbers</legend>
          <${NumbersInput}
            value=${numbers}
            onChange=${setNumbers}
            error=${bad ? null : errors.phone_numbers}
            optional
          />
        </fieldset>`
      }
      <${Sending} part=${part} />
      <div class="form-actions">
        <button class="primary" disabled=${sending.busy}>${campaign ? "Save" : "Make campaign"}</button>
        <a class="button" href=${campaign ? at("campaigns", campaign.id) : at("campaigns")}>Cancel</a>
        <span class="muted"
          >${campaign ? "A running campaign follows at once." : "It calls nobody until you start it."}</span
        >
      </div>
    </form>
    ${
      making &&
      html`<${MakeSchedule}
        onClose=${() => setMaking(false)}
        onMade=${(it) => {
          setSchedules((all) => [...all, it]);
          change({ schedule: String(it.id) });
          setMaking(false);
        }}
      />`
    }`;
}

/** The campaign is there, and some lines were left out. */
function Made({ made }) {
  useEffect(() => document.querySelector("h1")?.focus(), []);
  return html`<${Notice} kind="good" title=${`Campaign ${made.id} is made`}
      >It has ${counted(made.added, "number")}. <a href=${at("campaigns", made.id)}>Go to campaign ${made.id}</a><//
    >
    <div class="panel"><${BadLines} ...${made} stored=${made.added} /></div>`;
}

const windowsOf = (fields) =>
  fields.profiles.map(({ profile, start_time, end_time }) => ({ profile, start_time, end_time }));

/** A profile is named by its nickname when it has one: digits could be the nickname of another. */
const named = (windows, profiles) =>
  windows.map((each) => ({
    ...each,
    profile: profiles.find(({ id }) => String(id) === each.profile)?.nickname ?? each.profile,
  }));

function formOf(fields, numbers, skip, profiles) {
  const form = new FormData();
  for (const name of ["start_date", "end_date", "schedule", "start_url", "result_url"])
    if (fields[name]) form.append(name, fields[name]);
  form.append("profiles", JSON.stringify(named(windowsOf(fields), profiles)));
  if (skip) form.append("on_invalid", "skip");
  const list = asPart(numbers);
  if (list) form.append("phone_numbers", list, list.name);
  return form;
}

/** Only what differs: what is sent again as it was would plan a running campaign anew. */
function changesOf(campaign, fields, profiles) {
  const changes = {};
  for (const name of ["start_date", "end_date", "start_url", "result_url"])
    if (fields[name] !== (campaign[name] ?? "")) changes[name] = fields[name];
  if (fields.schedule !== String(campaign.schedule)) changes.schedule = Number(fields.schedule);
  const windows = named(windowsOf(fields), profiles);
  if (JSON.stringify(windows) !== JSON.stringify(campaign.profiles)) changes.profiles = windows;
  return changes;
}
