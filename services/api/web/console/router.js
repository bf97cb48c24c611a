// Addresses and pages: links inside the console change the page without loading it anew.

import { useEffect, useState } from "./view.js";

const ROOT = "/console";
const listeners = new Set();

/** Return the address of a place in the console. */
export const at = (...steps) => [ROOT, ...steps].join("/");

/** Return the address of the page on which the application at a URL is tried out. */
export const tryAddress = (url) => `${at("try")}?url=${encodeURIComponent(url)}`;

/** Go to an address of ours. */
export function go(address, { instead = false } = {}) {
  history[instead ? "replaceState" : "pushState"](null, "", address);
  window.scrollTo(0, 0);
  for (const listener of listeners) listener();
}

/** The steps of the address below the console, such as ["campaigns", "11"]. */
export function useSteps() {
  const read = () => location.pathname.slice(ROOT.length).split("/").filter(Boolean);
  const [steps, setSteps] = useState(read);
  useEffect(() => {
    const look = () => setSteps(read());
    listeners.add(look);
    addEventListener("popstate", look);
    return () => {
      listeners.delete(look);
      removeEventListener("popstate", look);
    };
  }, []);
  return steps;
}

/** Follow a click on a link inside the console, unless it asks for a new tab. */
export function followLinks(event) {
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !plain || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.pathname !== ROOT && !link.pathname.startsWith(`${ROOT}/`)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
