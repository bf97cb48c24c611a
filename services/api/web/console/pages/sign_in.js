// Sign in: a token is tried on the API, and kept in this tab when it is good.

import { html, useState } from "../view.js";
import { Refusal, TextField, useSending } from "../forms.js";
import { Notice, PageHead } from "../pieces.js";
import { signIn, signOut, whySignedOut } from "../session.js";

/** The page of those who are not signed in. */
export function SignIn() {
  const [given, setGiven] = useState("");
  const [why] = useState(whySignedOut());
  const sending = useSending(async () => {
    const token = given.trim();
    if (!/^pl_[^\s]+$/.test(token))
      throw Object.assign(new Error("A token begins with pl_ and has no blanks."), { fields: {} });
    await tryOut(token);
  });
  return html`<main class="sign-in" id="content">
    <div class="sign-in-card">
      <${PageHead} title="Sign in to Paceline" sub="Campaigns, their pace, and what became of every call." />
      ${why && !sending.refused && html`<${Notice} kind="warning">${why}<//>`}
      <${Refusal} refused=${sending.refused} />
      <form onSubmit=${sending.submit} ref=${sending.form}>
        <${TextField}
          id="token"
          label="Token"
          type="password"
          value=${given}
          onText=${setGiven}
          autocomplete="off"
          spellcheck="false"
          placeholder="pl_…"
          required
          hint="It stays in this browser tab until you sign out or close it."
        />
        <button class="primary full" disabled=${sending.busy}>${sending.busy ? "Trying it …" : "Sign in"}</button>
      </form>
      <details>
        <summary>I have no token</summary>
        <p>Whoever runs this house makes one, and it is shown once; this one is for trying out, and rings nobody:</p>
        <pre>./run token create NAME --test</pre>
        <p>A token with <code>--scope read</code> can look at everything and change nothing.</p>
      </details>
    </div>
    <p class="quiet"><a href="/docs">API documentation</a></p>
  </main>`;
}

/** Sign in when the API knows the token; one that may not read is told apart from one that is wrong. */
async function tryOut(token) {
  const answer = await fetch("/api/campaigns?limit=1", {
    headers: { Authorization: `Bearer ${token}` },
    cache: "no-store",
  });
  if (answer.ok) return signIn(token);
  const problem = await answer.json().catch(() => ({}));
  signOut();
  const words =
    answer.status === 401 ? "This token is not valid: it is mistyped, revoked, or its time is over." : problem.detail;
  throw Object.assign(new Error(words ?? `The API answered ${answer.status}.`), { fields: {} });
}
