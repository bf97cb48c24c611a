// What happened in a try-out, in scenes as people see them: what is said at a time is one, keys in a row are one.

const SPOKEN = new Set(["said", "audio", "pause", "mark"]);

/** Return the scenes of happenings: each has its `kind`, the second `at` which it begins, and its `parts`. */
export function scenesOf(happenings) {
  const scenes = [];
  for (const part of happenings) {
    const kind = kindOf(part);
    const last = scenes.at(-1);
    const joins = last?.kind === kind && (kind === "app" || kind === "keys" || kind === "fetched");
    if (joins) last.parts.push(part);
    else scenes.push({ kind, at: part.at, parts: [part] });
  }
  return scenes;
}

function kindOf({ kind, name }) {
  if (SPOKEN.has(kind)) return "app";
  if (kind === "key") return "keys";
  if (kind === "event" && `${name}.`.startsWith("error.")) return "error";
  return kind;
}

/** Whether a longer try-out went the same way as the one before it: applications may ask the time, or chance. */
export const wentOn = (before, now) =>
  before.every((each, i) => each.kind === now[i]?.kind && each.text === now[i].text && each.name === now[i].name);

/** Return a turn of the callee as the API takes it: keys or words, which may cut the prompt short. */
export function turnOf({ keys = "", words = "", cutsIn = false }) {
  const said = words.trim().replaceAll('"', "");
  return `${cutsIn ? "!" : ""}${said ? `"${said}"` : keys}`;
}
