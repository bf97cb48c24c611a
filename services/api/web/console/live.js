// What is on the screen stays true: it is asked for again and again while somebody looks.

import { useCallback, useEffect, useRef, useState } from "./view.js";

const LONGEST_MS = 30_000;

/**
 * Load something now and then every so many milliseconds, as long as the tab is seen; 0 loads it once.
 * `key` says what it is: another key starts anew. Returns what there is, what went wrong last, and `refresh`.
 */
export function useLive(key, load, every = 2000) {
  const [seen, setSeen] = useState({ key: null, data: undefined, error: null });
  const loading = useRef(load);
  const pace = useRef(every);
  const wake = useRef(() => {});
  loading.current = load;
  pace.current = every;

  useEffect(() => {
    const over = new AbortController();
    let timer = 0;
    let failures = 0;

    async function turn() {
      clearTimeout(timer);
      let wait = pace.current;
      try {
        const data = await loading.current(over.signal);
        failures = 0;
        if (!over.signal.aborted) setSeen({ key, data, error: null });
      } catch (error) {
        if (over.signal.aborted || error.name === "AbortError") return;
        failures += 1;
        wait = Math.max((error.retryAfter ?? 0) * 1000, Math.min(LONGEST_MS, 2000 * 2 ** failures));
        setSeen((before) => ({ key, data: before.key === key ? before.data : undefined, error }));
        if (error.status >= 400 && error.status < 500 && error.status !== 429) return;
      }
      if (wait && !over.signal.aborted) timer = setTimeout(() => !document.hidden && turn(), wait);
    }

    wake.current = turn;
    const looked = () => !document.hidden && pace.current && turn();
    document.addEventListener("visibilitychange", looked);
    addEventListener("paceline:clock", looked);
    turn();
    return () => {
      over.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", looked);
      removeEventListener("paceline:clock", looked);
    };
  }, [key]);

  const refresh = useCallback(() => wake.current(), []);
  const here = seen.key === key;
  return { data: here ? seen.data : undefined, error: here ? seen.error : null, refresh };
}
