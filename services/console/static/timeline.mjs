// What happened between a person and the company, what was decided about messages, and what was permitted: one line, the
// newest first, in pages.

import { path } from "./api.mjs";
import { chip, empty, folded, link, more } from "./blocks.mjs";
import { addressesOf, LOOKED_UP } from "./consent.mjs";
import { decisionsOf } from "./decisions.mjs";
import { h, part } from "./dom.mjs";
import { happened, moment, plain, said, toneOf } from "./words.mjs";

const PAGE = 50;
const WHO = { inbound: ["good", "from them"], outbound: ["waiting", "from us"], internal: ["quiet", "internal"] };
const GIVEN = { granted: "good", revoked: "bad", expired: "bad" };

/** A person's timeline; more of it comes with a button. */
export function happenings(api, person) {
  const { profile_id: id } = person;
  return part(async () => {
    const streams = await Promise.all([events(api, id), decisions(api, id), permitted(api, person)]);
    if (!streams.some((one) => one.waiting.length)) return empty("Nothing has happened yet.");
    return shown(streams);
  }, { label: "Loading the timeline" });
}

// A stream is what waits to be shown, the newest first; where there is more of it, `next` reads that, and nothing in it
// is newer than `reach`.

async function events(api, id, start = "") {
  const { events: page, cursor } = await api.get(path`/profiles/${id}/timeline`, { limit: PAGE, cursor: start });
  return { waiting: page.map(event), ...(cursor && { reach: page.at(-1).at, next: () => events(api, id, cursor) }) };
}

async function decisions(api, id, start = "") {
  const { decisions: page, cursor } = await decisionsOf(api, id, start);
  const last = page.at(-1);
  return { waiting: page.map(decided), ...(cursor && { reach: last.claimed_at ?? last.requested_at, next: () => decisions(api, id, cursor) }) };
}

async function permitted(api, person) {
  const addresses = addressesOf(person).filter(([channel]) => LOOKED_UP.includes(channel));
  const found = await Promise.all(addresses.map(async ([channel, address]) => (await api.post("/consents/lookups", { address, channel })).history));
  return { waiting: newestFirst(found.flat().toReversed().map(permission)) }; // of two in one moment the later one stands first
}

const newestFirst = (all) => all.toSorted((one, other) => other.at.localeCompare(one.at));

/** What all streams have told so far; the rest goes to the pages behind it. */
function shown(streams) {
  const [page, reach, rest] = told(streams);
  const older = () => part(async () => shown(await Promise.all(rest.map((one) => readOn(one, reach)))), { label: "Loading older events" });
  return h("div", { class: "stack" }, h("ol", { class: "timeline" }, page.map((one) => one.tree)), reach ? more("Show older events", older) : null);
}

/** A page, as far back as every stream reaches (`""`: there is no more), and what is left of each for the next. */
export function told(streams) {
  const reach = streams.map((one) => one.reach ?? "").toSorted().at(-1);
  const page = streams.flatMap((one) => one.waiting.filter(({ at }) => at >= reach));
  return [newestFirst(page), reach, streams.map((one) => ({ ...one, waiting: one.waiting.filter(({ at }) => at < reach) }))];
}

async function readOn(stream, reach) {
  if (stream.reach !== reach) return stream;
  const following = await stream.next();
  return { ...following, waiting: newestFirst([...stream.waiting, ...following.waiting]) };
}

const entry = (at, title, chips, hint, ...rest) => ({
  at,
  tree: h(
    "li",
    null,
    h("p", { class: "when" }, h("time", { datetime: at }, moment(at))),
    h("p", null, h("strong", null, title), " ", chips),
    hint ? h("p", { class: "hint" }, hint) : null,
    rest,
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
