// The console's frame: who is signed in, the ways to the pages, and which page an address means.

import { html, useEffect, useState } from "./view.js";
import { CallPage } from "./pages/call.js";
import { Calls } from "./pages/calls.js";
import { CampaignPage } from "./pages/campaign.js";
import { ChangeCampaign, NewCampaign } from "./pages/campaign_form.js";
import { Campaigns } from "./pages/campaigns.js";
import { Numbers } from "./pages/numbers.js";
import { ProfilePage, Profiles } from "./pages/profiles.js";
import { SchedulePage, Schedules } from "./pages/schedules.js";
import { SignIn } from "./pages/sign_in.js";
import { TryOut } from "./pages/try_out.js";
import { Undelivered, UndeliveredOf } from "./pages/undelivered.js";
import { Empty, PageHead } from "./pieces.js";
import { at, followLinks, useSteps } from "./router.js";
import { SandboxBar } from "./sandbox_bar.js";
import { onSession, signOut, token } from "./session.js";

const PLACES = [
  ["campaigns", "Campaigns"],
  ["schedules", "Schedules"],
  ["profiles", "Profiles"],
  ["try", "Try out"],
  ["undelivered", "Undelivered"],
];
const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };

/** The console. */
export function App() {
  const [, setToken] = useState(token());
  useEffect(() => onSession(() => setToken(token())), []);
  const steps = useSteps();
  if (!token()) return html`<${SignIn} />`;
  return html`<div class="frame" onClick=${followLinks}>
    <a class="skip" href="#content" onClick=${skip}>To the content</a>
    <${Bar} here=${steps[0] ?? "campaigns"} />
    <${SandboxBar} campaign=${steps[0] === "campaigns" ? steps[1] : undefined} />
    <main id="content" tabindex="-1">${pageOf(steps)}</main>
  </div>`;
}

/** Which page an address means; each campaign, call or thing is a page of its own. */
function pageOf([kind = "campaigns", id, part, inner]) {
  if (kind === "campaigns" && !id) return html`<${Campaigns} />`;
  if (kind === "campaigns" && id === "new") return html`<${NewCampaign} />`;
  if (kind === "campaigns" && part === "calls" && inner)
    return html`<${CallPage} key=${inner} campaign=${id} id=${inner} />`;
  const page =
    kind === "campaigns" &&
    { undefined: CampaignPage, calls: Calls, undelivered: UndeliveredOf, numbers: Numbers, change: ChangeCampaign }[
      part
    ];
  if (page) return html`<${page} key=${`${id}/${part}`} id=${id} />`;
  if (kind === "schedules")
    return id ? html`<${SchedulePage} key=${id} id=${id === "new" ? null : id} />` : html`<${Schedules} />`;
  if (kind === "profiles")
    return id ? html`<${ProfilePage} key=${id} id=${id === "new" ? null : id} />` : html`<${Profiles} />`;
  if (kind === "try") return html`<${TryOut} key=${location.search} />`;
  if (kind === "undelivered") return html`<${Undelivered} />`;
  return html`<${PageHead} title="No such page" /><${Empty}
      title="There is nothing at this address"
      action=${html`<a class="button" href=${at("campaigns")}>To the campaigns</a>`}
      >It may have been mistyped.<//
    >`;
}

function Bar({ here }) {
  return html`<header class="bar">
    <a class="brand" href=${at()}
      ><svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="8" />
        <path d="M6 21h3.5M12 21h3.5M18 21h3.5M24 21h2" />
        <path class="arc" d="M6 14c5-6 15-6 20 0" /></svg
      ><span>Paceline</span></a
    >
    <nav aria-label="Console">
      ${PLACES.map(([step, label]) => html`<a href=${at(step)} aria-current=${here === step ? "page" : undefined}>${label}</a>`)}
      <a href="/docs">API</a>
    </nav>
    <div class="bar-end"><${Theme} /><button class="quiet-button" onClick=${() => signOut()}>Sign out</button></div>
  </header>`;
}

function Theme() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? "auto");
  function choose(next) {
    setTheme(next);
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem("paceline.theme", next);
    } catch {
      // It holds for this page only.
    }
    dispatchEvent(new Event("paceline:theme"));
  }
  return html`<label class="theme"
    ><span class="unseen">Colours</span>
    <select value=${theme} onChange=${(e) => choose(e.currentTarget.value)}>
      ${Object.entries(THEMES).map(([each, label]) => html`<option value=${each} selected=${each === theme}>${label}</option>`)}
    </select></label
  >`;
}

function skip(event) {
  event.preventDefault();
  event.stopPropagation();
  document.querySelector("#content").focus();
}
