// Questions before something is done: what will happen, and the way back.

import { html, useLayoutEffect, useRef, useState } from "./view.js";
import { Notice } from "./pieces.js";

/** A dialog over the page; Escape and the backdrop close it, the focus goes back to where it was. */
export function Dialog({ title, onClose, children, wide }) {
  const frame = useRef(null);
  // Before anything is painted: an Escape that comes at once finds it open.
  useLayoutEffect(() => {
    const dialog = frame.current;
    dialog.showModal();
    return () => dialog.close(); // which gives the focus back
  }, []);
  return html`<dialog
    ref=${frame}
    class=${wide ? "wide" : ""}
    aria-labelledby="dialog-title"
    onCancel=${(e) => {
      e.preventDefault();
      onClose();
    }}
    onClick=${(e) => e.target === frame.current && onClose()}
  >
    <div class="dialog-body">
      <h2 id="dialog-title">${title}</h2>
      ${children}
    </div>
  </dialog>`;
}

/** Ask before doing; `work` is done while the dialog stands, and what it refuses is said in it. */
export function Confirm({ title, action, danger, work, onClose, children }) {
  const [state, setState] = useState({ busy: false, refused: null });
  async function act() {
    setState({ busy: true, refused: null });
    try {
      await work();
      onClose(true);
    } catch (refused) {
      setState({ busy: false, refused });
    }
  }
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <div class="dialog-words">${children}</div>
    ${state.refused && html`<${Notice} kind="bad">${state.refused.message}<//>`}
    <div class="dialog-actions">
      <button type="button" onClick=${() => onClose(false)}>Cancel</button>
      <button type="button" class=${danger ? "danger" : "primary"} disabled=${state.busy} onClick=${act}>
        ${state.busy ? "One moment …" : action}
      </button>
    </div>
  <//>`;
}
