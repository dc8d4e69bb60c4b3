// The public API, asked with the key of whoever signed in. What goes wrong is said with what to do next.

const PATIENCE = 30_000;

/** A refusal: what happened and what to do next; `status` is HTTP's, 0 where no answer came. */
export class Refused extends Error {
  constructor(status, message, next) {
    super(message);
    this.status = status;
    this.next = next;
  }
}

/** `base` is the API's address without a slash at its end; `onLockedOut` is called when the key opens nothing. */
export function connect({ base, key, onLockedOut = () => {}, ask = (...args) => fetch(...args) }) {
  const call = async (method, path, body, read = parsed) => {
    const headers = { Authorization: `Bearer ${key}`, ...(body ? { "Content-Type": "application/json" } : {}) };
    let response;
    try {
      response = await ask(base + path, {
        method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit", redirect: "error",
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new Refused(0, "The API did not answer.", "Check your connection, then try again.");
    }
    const text = await response.text();
    if (!response.ok) {
      const refused = refusal(response.status, text);
      if (refused.status === 401 || refused.status === 403) onLockedOut();
      throw refused;
    }
    return read(text);
  };
  return {
    get: (path, query = {}) => call("GET", path + asked(query)),
    post: (path, body) => call("POST", path, body),
    text: (path, query = {}) => call("GET", path + asked(query), undefined, (text) => text),
  };
}

/** A path whose parts are encoded: path`/journeys/${name}`. */
export const path = (texts, ...values) =>
  texts.reduce((made, text, i) => made + encodeURIComponent(values[i - 1]) + text);

/** What an answer that is no success means, and what to do next. */
export function refusal(status, text) {
  const said = parsedOr(text, {});
  const message = typeof said.message === "string" ? said.message : "";
  if (status === 401 || status === 403) {
    return new Refused(status, "The key was not accepted.", "Sign in again with the marketers' key of this stage.");
  }
  if (status === 404) return new Refused(status, message || "There is no such thing.", "Check the name, or go back to the list.");
  if (status === 429) return new Refused(status, "Too many requests at once.", "Wait a moment, then try again.");
  if (status >= 500) return new Refused(status, "Halte could not answer this.", "Try again; if it stays so, look at the alarms of this stage.");
  return new Refused(status, message || `The request was refused (${status}).`, "Change what was asked, then try again.");
}

function asked(query) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(0, "The answer could not be read.", "Try again; if it stays so, tell whoever runs this stage.");
  }
}

function parsedOr(text, other) {
  try {
    return JSON.parse(text) ?? other;
  } catch {
    return other;
  }
}
