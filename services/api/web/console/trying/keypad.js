// What the callee does at a question: a telephone's keys, by finger or keyboard, words, silence, or hanging up.

import { html, useEffect, useRef, useState } from "../view.js";
import { turnOf } from "./scenes.js";

const KEYS = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", "star"],
  ["0", ""],
  ["#", "pound"],
];

/** The keypad; `onTurn` hears what the callee does, as the API takes it. */
export function Keypad({ asks, busy, onTurn }) {
  const [keys, setKeys] = useState("");
  const [words, setWords] = useState("");
  const [cutsIn, setCutsIn] = useState(false);
  const display = useRef(null);
  // The keys of the keyboard go where they are meant to, at each new question.
  useEffect(() => {
    display.current?.focus({ preventScroll: true });
  }, [asks]);
  function send(turn) {
    if (busy) return; // the question may be another one in a moment
    setKeys("");
    setWords("");
    onTurn(turn);
  }
  const press = (key) => {
    setKeys((before) => before + key);
    display.current?.focus({ preventScroll: true });
  };
  return html`<div class="answering" role="group" aria-label="The callee's answer">
    <form
      class="keypad"
      onSubmit=${(e) => {
        e.preventDefault();
        if (keys) send(turnOf({ keys, cutsIn }));
      }}
    >
      <div class="display">
        <label class="unseen" for="keys">Keys</label>
        <input
          id="keys"
          ref=${display}
          inputmode="none"
          autocomplete="off"
          spellcheck=${false}
          maxlength="60"
          placeholder="Type keys"
          value=${keys}
          onInput=${(e) => {
            const typed = e.currentTarget.value.toUpperCase().replace(/[^0-9*#A-D]/g, "");
            e.currentTarget.value = typed;
            setKeys(typed);
          }}
        />
        <button
          type="button"
          class="quiet-button"
          aria-label="Delete the last key"
          disabled=${!keys}
          onClick=${() => setKeys(keys.slice(0, -1))}
        >
          ⌫
        </button>
      </div>
      <div class="pad">
        ${KEYS.map(
          ([key, letters]) =>
            html`<button type="button" class="pad-key" aria-label=${key} data-letters=${letters} onClick=${() => press(key)}>
              ${key}
            </button>`,
        )}
      </div>
      <button class="primary full" disabled=${!keys}>${keys ? html`<span>Press <kbd>${keys}</kbd></span>` : "Press these keys"}</button>
    </form>
    <div class="otherwise">
      <form
        class="saying"
        onSubmit=${(e) => {
          e.preventDefault();
          if (words.trim()) send(turnOf({ words, cutsIn }));
        }}
      >
        <label for="words">Or say words</label>
        <div>
          <input id="words" autocomplete="off" value=${words} onInput=${(e) => setWords(e.currentTarget.value)} />
          <button disabled=${!words.trim()}>Say</button>
        </div>
      </form>
      <label class="cuts-in">
        <input type="checkbox" checked=${cutsIn} onChange=${(e) => setCutsIn(e.currentTarget.checked)} />
        <span>Cut the prompt short, if it may be</span>
      </label>
      <div class="acts">
        <button type="button" onClick=${() => send("-")}>Say nothing</button>
        <button type="button" class="hang-up" onClick=${() => send("hangup")}>Hang up</button>
      </div>
    </div>
  </div>`;
}
