// What happened between a person and the company, what was decided about messages, and what was permitted: one line, the
// newest first, in pages.

import { path } from "./api.mjs";
import { chip, empty, failed, folded, link } from "./blocks.mjs";
import { addressesOf, LOOKED_UP } from "./consent.mjs";
import { h, mount, part } from "./dom.mjs";
import { happened, moment, plain, said, toneOf } from "./words.mjs";

const PAGE = 50;
const WHO = { inbound: ["good", "from them"], outbound: ["waiting", "from us"], internal: ["quiet", "internal"] };
const GIVEN = { granted: "good", revoked: "bad", expired: "bad" };

/** A person's timeline; more of it comes with a button. */
export function happenings(api, person) {
  const { profile_id: id } = person;
  return part(async () => {
    const [{ decisions }, entries, first] = await Promise.all([api.get("/decisions", { profile: id }), permitted(api, person), eventsOf(api, id)]);
    const aside = [...decisions.map(decided), ...entries];
    if (!first.events.length && !aside.length) return empty("Nothing has happened yet.");
    return shown(api, id, first, newestFirst(aside));
  }, { label: "Loading the timeline" });
}

const eventsOf = (api, id, cursor = "") => api.get(path`/profiles/${id}/timeline`, { limit: PAGE, cursor });
const newestFirst = (all) => all.toSorted((one, other) => other.at.localeCompare(one.at));

/** A page of events with all of `aside` that falls between them; the rest goes to the pages behind it. */
function shown(api, id, { events, cursor }, aside) {
  const [page, rest] = between(events.map(event), aside, Boolean(cursor));
  const older = () => part(async () => shown(api, id, await eventsOf(api, id, cursor), rest), { label: "Loading older events" });
  const more = cursor ? h("button", { type: "button", class: "plain", onclick: (clicked) => clicked.target.replaceWith(mount(older(), failed)) }, "Show older events") : null;
  return h("div", { class: "stack" }, h("ol", { class: "timeline" }, page.map((one) => one.tree)), more);
}

/** A page and what is left for the next: `aside` (newest first) beside `events`, as far back as these reach. */
export function between(events, aside, hasMore) {
  const oldest = hasMore ? events.at(-1).at : "";
  const now = aside.filter((one) => one.at >= oldest);
  return [newestFirst([...events, ...now]), aside.slice(now.length)];
}

async function permitted(api, person) {
  const addresses = addressesOf(person).filter(([channel]) => LOOKED_UP.includes(channel));
  const found = await Promise.all(addresses.map(async ([channel, address]) => (await api.post("/consents/lookups", { address, channel })).history));
  return found.flat().toReversed().map(permission); // of two in one moment the later one stands first
}

const entry = (at, title, chips, hint, ...more) => ({
  at,
  tree: h(
    "li",
    null,
    h("p", { class: "when" }, h("time", { datetime: at }, moment(at))),
    h("p", null, h("strong", null, title), " ", chips),
    hint ? h("p", { class: "hint" }, hint) : null,
    more,
  ),
});

function event({ at, name, type, channel, direction, source, need, properties }) {
  const [tone, who] = WHO[direction] ?? ["quiet", plain(direction)];
  const hint = [channel && channel !== "other" && `over ${channel}`, need && `about ${plain(need).toLowerCase()}`, source && `told by ${source}`].filter(Boolean).join(", ");
  const details = Object.entries(properties ?? {}).map(([key, value]) => h("div", null, h("dt", null, plain(key)), h("dd", null, said(value))));
  return entry(at, plain(name || type), chip(tone, who), hint, details.length ? folded("Details", h("dl", { class: "facts" }, details)) : null);
}

/** What was decided about a message, and what became of it, when it was asked for. */
export function decided({ requested_at: at, template, status, send_id: send, journey, why }) {
  const asked = journey ? ` Asked for by the journey ${plain(journey)}.` : "";
  return entry(at, `Message ${plain(template)}`, chip(toneOf(status), plain(status)), [`${why.summary}${asked} `, link("Why it was decided so", path`#/messages/${send}`)]);
}

/** What was permitted or taken back. */
export function permission({ at, kind, purpose, channel }) {
  return entry(at, `Permission for ${plain(purpose).toLowerCase()} by ${plain(channel).toLowerCase()}`, chip(GIVEN[kind] ?? "waiting", plain(kind)), happened(kind));
}
