// The JSON API as the pages use it: with the token, a key for every write, and refusals that know their fields.

import { signOut, token } from "./session.js";

const RETRY_AFTER_MS = 800;
let ahead = 0; // of this machine's clock is the house's, by so many milliseconds

/** What the house's clock shows, in milliseconds, as its last answer told: this machine's may be wrong. */
export const houseNow = () => Date.now() + ahead;

/** What the API said no to, or that it could not be reached (status 0). */
export class Refused extends Error {
  constructor(status, problem = {}, retryAfter = 0) {
    super(
      problem.detail || (status ? `The API answered ${status}.` : "The API cannot be reached. Is the house running?"),
    );
    this.status = status;
    this.problem = problem;
    this.kind = (problem.type ?? "").replace("urn:paceline:problem:", "");
    this.retryAfter = retryAfter;
  }

  /** What was wrong with each field, by its name. */
  get fields() {
    const said = {};
    for (const { field, detail } of this.problem.errors ?? []) if (field) said[field] ??= detail;
    return said;
  }
}

/** Send a request and return its JSON. */
export const ask = async (path, options) => (await send(path, options)).body;

/** Send a GET for a page of a list; returns its items and the path of the next page, when there may be one. */
export async function askPage(path, options) {
  const { body, headers } = await send(path, options);
  const next = /<([^>]+)>;\s*rel="next"/.exec(headers.get("Link") ?? "");
  return { items: body, next: next?.[1] ?? null };
}

/** Send a GET and return the answer's bytes, to be saved as a file. */
export async function askFile(path) {
  const answer = await fetch(path, { headers: credentials() });
  if (!answer.ok) throw await refusal(answer);
  return answer.blob();
}

async function send(path, { method = "GET", body, signal } = {}) {
  const headers = { ...credentials(), Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["Idempotency-Key"] = newKey();
  const request = { method, headers, signal, cache: "no-store", body: body && JSON.stringify(body) };
  let answer;
  try {
    answer = await patiently(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0);
  }
  const told = Date.parse(answer.headers.get("Date") ?? "");
  if (told) ahead = told - Date.now();
  if (!answer.ok) throw await refusal(answer);
  return { body: await answer.json(), headers: answer.headers };
}

/** A write that got no answer is sent once more: under the same key it is done once. */
async function patiently(path, request) {
  try {
    return await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError" || request.method === "GET") throw error;
    await new Promise((go) => setTimeout(go, RETRY_AFTER_MS));
    return fetch(path, request);
  }
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  const refused = new Refused(answer.status, problem, Number(answer.headers.get("Retry-After") ?? 0));
  if (answer.status === 401) signOut("This token is not valid, or not any more. Sign in with another one.");
  return refused;
}

/** Post a form with a file; `onProgress` hears which part of it has been sent, from 0 to 1. */
export function upload(path, form, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries({ ...credentials(), "Idempotency-Key": newKey() }))
      request.setRequestHeader(name, value);
    request.responseType = "text";
    request.upload.addEventListener("progress", (e) => e.lengthComputable && onProgress(e.loaded / e.total));
    request.upload.addEventListener("load", () => onProgress(1));
    request.addEventListener("error", () => reject(new Refused(0)));
    request.addEventListener("load", () => {
      const said = readJson(request.responseText);
      if (request.status === 200) return resolve(said);
      if (request.status === 401) signOut("This token is not valid any more.");
      return reject(new Refused(request.status, said));
    });
    request.send(form);
  });
}

const credentials = () => ({ Authorization: `Bearer ${token() ?? ""}` });

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** A name for a write; randomUUID is not to be had on a page that came over plain HTTP. */
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}
