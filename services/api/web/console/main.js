// The console begins.

import { html, render } from "./view.js";
import { App } from "./app.js";

render(html`<${App} />`, document.querySelector("#console"));
