// An application tried out before a telephone rings: whoever sits here is the callee.

import { html, useEffect, useRef, useState } from "../view.js";
import { ask } from "../api.js";
import { useLive } from "../live.js";
import { Notice, PageHead, Panel } from "../pieces.js";
import { Conversation } from "../trying/conversation.js";
import { Keypad } from "../trying/keypad.js";
import { wentOn } from "../trying/scenes.js";
import { SourceFields, asked, newSource } from "../trying/source.js";

const NO_CALL = { turns: [], happenings: [], waits: false, cut: false, strayed: false };

/** The page. */
export function TryOut() {
  const [source, setSource] = useState(() => newSource(new URLSearchParams(location.search).get("url") ?? ""));
  const [call, setCall] = useState(null); // what was tried out so far, and of which source
  const [faults, setFaults] = useState(null);
  const [work, setWork] = useState({ busy: null, refused: null });
  const addresses = useAddresses();
  const under = useRef(null); // what is under way, to be given up
  useEffect(() => () => under.current?.abort(), []);

  async function send(what, path, body) {
    under.current?.abort();
    under.current = new AbortController();
    const { signal } = under.current;
    setWork({ busy: what, refused: null });
    try {
      const told = await ask(path, { method: "POST", body, signal });
      setWork({ busy: null, refused: null });
      return told;
    } catch (refused) {
      if (!signal.aborted) setWork({ busy: null, refused });
      return null;
    }
  }

  async function play(of, turns, before) {
    if (!turns.length) setCall({ ...NO_CALL, of });
    const body = { ...asked(of), callee: of.callee, message_reference: of.reference, digits: turns.join(",") };
    const told = await send("play", "/api/applications/play", body);
    if (told) setCall({ ...told, of, turns, strayed: !wentOn(before, told.happenings) });
    else if (!turns.length) setCall(null);
  }

  async function check() {
    const told = await send("check", "/api/applications/check", asked(source));
    if (told) setFaults(told);
  }

  function change(next) {
    setSource(next);
    if (next.way !== source.way || next.document !== source.document || next.url !== source.url) setFaults(null);
  }

  const begin = (event) => {
    event.preventDefault();
    play(source, [], []);
    if (matchMedia("(max-width: 900px)").matches) document.querySelector("#call").scrollIntoView();
  };
  return html`<${PageHead}
      title="Try an application"
      sub="Hear what a callee would hear, and answer it. Nobody is called, and nobody waits: a whole call is over in a moment."
    />
    <div class="trying">
      <form class=${`panel source ${source.way}`} onSubmit=${begin} aria-label="What is tried out">
        <${SourceFields} 
          ...${{ source, addresses, faults }}
          onChange=${change}
          onLine=${goToLine}
          errors=${work.refused?.fields ?? {}}
        />
        <div class="form-actions">
          <button class="primary" disabled=${work.busy !== null}>${call ? "Call again" : "Call"}</button>
          <button type="button" disabled=${work.busy !== null} onClick=${check}>Check</button>
        </div>
        <p class="hint">
          ${
            source.way === "address"
              ? "The address is really asked, as a call would ask it, each time the call goes on; what the application submits is really submitted."
              : "What the document fetches is really asked for, each time the call goes on; what it submits is really submitted."
          }
        </p>
      </form>
      <${Panel} id="call" title="The call" aside=${call && html`<${Standing} call=${call} busy=${work.busy} />`}>
        ${work.refused && html`<${WhyNot} refused=${work.refused} />`}
        ${call ? html`<${Talk} call=${call} busy=${work.busy === "play"} play=${play} />` : html`<${Quiet} />`}
      <//>
    </div>`;
}

/** The call as far as it went, and how it goes on: it is played again from its start with one more answer. */
function Talk({ call, busy, play }) {
  const { of, turns, happenings, waits } = call;
  return html`${call.strayed && html`<${Notice} kind="warning">The application went another way than before: this is what it does now.<//>`}
    ${call.cut && html`<${Notice} kind="warning">So much happens that only its begin and its end are shown.<//>`}
    <${Conversation} happenings=${happenings} waits=${waits} busy=${busy} />
    ${
      waits &&
      html`<${Keypad} asks=${happenings.length} busy=${busy} onTurn=${(turn) => play(of, [...turns, turn], happenings)} />`
    }
    <div class="talk-acts">
      <button type="button" disabled=${busy} onClick=${() => play(of, [], [])}>Start again</button>
      ${
        turns.length > 0 &&
        html`<button type="button" class="quiet-button" disabled=${busy} onClick=${() => play(of, turns.slice(0, -1), [])}>
          Take the last answer back
        </button>`
      }
    </div>
    ${of.way === "address" && html`<${InATerminal} of=${of} turns=${turns} />`}`;
}

function InATerminal({ of: { url, callee, reference }, turns }) {
  const digits = turns.length ? ` --digits ${quoted(turns.join(","))}` : "";
  const who = callee === "person" ? "" : ` --as ${callee}`;
  const about = reference ? ` --reference ${quoted(reference)}` : "";
  return html`<details class="terminal">
    <summary>The same in a terminal</summary>
    <pre tabindex="0">${`paceline vxml play ${quoted(url)}${digits}${who}${about}`}</pre>
  </details>`;
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function Standing({ call, busy }) {
  const last = call.happenings.at(-1);
  if (busy) return html`<span class="badge">One moment …</span>`;
  if (call.waits) return html`<span class="badge call-calling">It waits for an answer</span>`;
  const badly = last?.how === "error" || last?.how === "limit";
  return html`<span class=${`badge ${badly ? "ended-badly" : "state-ended"}`}>Over after ${(last?.at ?? 0).toFixed(1)} s</span>`;
}

const Quiet = () =>
  html`<div class="quiet-call">
    <svg viewBox="0 0 48 48" aria-hidden="true"><path d="M10 8h7l4 10-5 4a24 24 0 0 0 10 10l4-5 10 4v7a3 3 0 0 1-3 3A32 32 0 0 1 7 11a3 3 0 0 1 3-3z" /></svg>
    <p class="quiet">Press <b>Call</b>: what the application says stands here, and you answer it with keys or words.</p>
  </div>`;

/** What was refused, but for what stands beside the fields. */
function WhyNot({ refused }) {
  const { url, document: text, message_reference: about, ...others } = refused.fields;
  const beside = url || text || about;
  const said = Object.values(others).join(" ") || (beside ? "What is wrong stands beside the field." : refused.message);
  return html`<${Notice} kind="bad">${said[0].toUpperCase()}${said.slice(1)}<//>`;
}

/** The start_urls of the account's campaigns, the newest first, each once. */
function useAddresses() {
  const live = useLive("addresses", (signal) => ask("/api/campaigns", { signal }), 0);
  return [...new Set((live.data ?? []).map((each) => each.start_url).reverse())];
}

/** Show a line of the document. */
function goToLine(line) {
  const area = document.querySelector("#document");
  const lines = area.value.split("\n");
  const from = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  area.focus();
  area.setSelectionRange(from, from + (lines[line - 1] ?? "").length);
  area.scrollTop = Math.max(0, (area.scrollHeight / lines.length) * (line - 4));
}
