// The bar over every page of a sandbox: that nobody is rung, what its clock shows, how fast it goes, and the way forward.

import { html, useState } from "./view.js";
import { askClock, beforeNextOpening, clock, inSandbox, setClock, useNow } from "./clock.js";
import { fullTime } from "./eastern.js";
import { useLive } from "./live.js";
import { Choices } from "./pieces.js";
import { number } from "./words.js";

const RATES = [1, 60, 600, 3600];
const ASKED_EVERY_MS = 5000;
const SHOWN_EVERY_MS = 200;
const NONE_AHEAD = "No campaign has a window ahead in which it would begin to call.";

/** The bar, for sandboxes only; `campaign` is the id of the one whose page is shown. */
export const SandboxBar = ({ campaign }) => (inSandbox() ? html`<${Bar} campaign=${campaign} />` : null);

function Bar({ campaign }) {
  const live = useLive("sandbox", askClock, ASKED_EVERY_MS);
  const now = useNow(null, SHOWN_EVERY_MS);
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  async function doing(work) {
    setBusy(true);
    setSaid("");
    try {
      setSaid((await work()) ?? "");
    } catch (refused) {
      setSaid(refused.message);
    } finally {
      setBusy(false);
    }
  }
  async function skip() {
    const time = await beforeNextOpening(campaign);
    if (!time) return NONE_AHEAD;
    await setClock({ time });
    return `A minute before the next opening: ${fullTime(time)}.`;
  }
  const rate = clock()?.rate;
  const rates = [...new Set(rate ? [...RATES, rate] : RATES)].sort((a, b) => a - b);
  return html`<section class="sandbox" aria-label="Sandbox">
    <p class="sandbox-name"><b>Sandbox</b> – no telephone rings</p>
    <p class="sandbox-clock" role="timer" aria-label="Its clock">${now ? fullTime(now) : "…"}</p>
    <${Choices}
      label="How fast its clock goes"
      value=${rate}
      onChoose=${(wanted) => doing(() => setClock({ rate: wanted }))}
      options=${rates.map((each) => [each, `${number(each)}×`])}
    />
    <button type="button" disabled=${busy} onClick=${() => doing(skip)}>Skip to the next opening</button>
    <p class="sandbox-said" role="status">${said || live.error?.message}</p>
  </section>`;
}
