// People: find one, and see them whole.

import { Refused, path } from "./api.mjs";
import { chip, empty, facts, failed, folded, link, page, section, table, tabs, tiles } from "./blocks.mjs";
import { h, mount, part } from "./dom.mjs";
import { decided } from "./decisions.mjs";
import { permissions } from "./consent.mjs";
import { explained } from "./explain.mjs";
import { points } from "./points.mjs";
import { happenings } from "./timeline.mjs";
import { counted, left, moment, money, number, people, plain, said } from "./words.mjs";

const SHORTEST = 3;

export function search({ api }) {
  const found = h("div", { id: "found", "aria-live": "polite" });
  const onsubmit = (event) => {
    event.preventDefault();
    const asked = new FormData(event.target).get("identifier").trim();
    document.getElementById("found").replaceChildren(mount(part(() => matches(api, asked), { label: "Searching" }), failed));
  };
  return page(
    "People",
    "Find a person by an identifier; what you type stays in this page.",
    h(
      "form",
      { class: "search", role: "search", onsubmit },
      h("label", { for: "identifier" }, "E-mail address, customer number, phone or profile id"),
      h("div", { class: "row" }, h("input", { id: "identifier", name: "identifier", autocomplete: "off", spellcheck: "false", required: true, minlength: SHORTEST }), h("button", null, "Search")),
      h("p", { class: "hint" }, "The beginning is enough, from three characters on."),
    ),
    found,
  );
}

async function matches(api, asked) {
  const [exact, { profiles }] = await Promise.all([known(api, asked), api.get("/profiles", { prefix: asked, limit: 50 })]);
  const byPerson = new Map();
  for (const { profile_id: id, identifier } of profiles) byPerson.set(id, [...(byPerson.get(id) ?? []), identifier]);
  if (exact) byPerson.set(exact.profile_id, exact.identifiers);
  if (!byPerson.size) return empty("Nobody is known by this.", "Check the spelling, or search by another identifier.");
  return table(
    people(byPerson.size),
    ["Person", "Known by"],
    [...byPerson].map(([id, identifiers]) => [link(best(identifiers), path`#/people/${id}`), identifiers.map((one) => `${plain(one.kind)}: ${one.value}`).join(", ")]),
  );
}

const best = (identifiers) => (identifiers.find((one) => one.kind === "email") ?? identifiers[0]).value;

async function known(api, identifier) {
  try {
    return await api.get(path`/profiles/${identifier}`);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

const VIEWS = {
  glance: ["At a glance", (api, person) => glance(person)],
  timeline: ["Timeline", (api, person) => happenings(api, person)],
  permissions: ["Permissions", (api, person) => permissions(api, person)],
  messages: ["Messages", (api, person) => decided(api, person.profile_id)],
  journeys: ["Journeys", (api, person) => walks(api, person.profile_id)],
  points: ["Points", (api, person) => points(api, person.profile_id)],
  segments: ["Segments", (api, person) => explained(api, person.profile_id)],
};

export async function one({ api }, id, view = "glance") {
  const person = await api.get(path`/profiles/${id}`);
  const here = (name) => (name === "glance" ? path`#/people/${id}` : path`#/people/${id}/${name}`);
  const all = Object.entries(VIEWS).map(([name, [title]]) => [here(name), title]);
  const [, shown] = VIEWS[view] ?? VIEWS.glance;
  return page(
    nameOf(person),
    `Known since ${moment(person.created_at)}`,
    tabs("Views of this person", all, here(VIEWS[view] ? view : "glance")),
    shown(api, person),
  );
}

/** What a person is called: by name, else by the identifier that tells most. */
export function nameOf({ traits, identifiers, profile_id: id }) {
  const name = [traits.firstName, traits.lastName].filter((one) => typeof one === "string" && one).join(" ");
  return name || traits.email || identifiers[0]?.value || id;
}

/** The single customer view, of what `/profiles/{identifier}` answers. */
export function glance(person) {
  const { interactions, services } = person;
  const orders = services?.scoring?.facts ?? {};
  return h(
    "div",
    { class: "stack" },
    person.unavailable?.length
      ? h("p", { role: "alert", class: "failed" }, `Not everything could be asked: ${person.unavailable.join(", ")} did not answer. Reload to try again.`)
      : null,
    tiles(
      { label: "Orders", value: number(orders.orders ?? 0) },
      { label: "Revenue", value: money(orders.revenue ?? 0) },
      { label: "They contacted us", value: number(interactions.inbound) },
      { label: "We contacted them", value: number(interactions.outbound) },
      { label: "Known of them", value: `${person.completeness} %`, note: `${person.reliability} % reliable` },
    ),
    h(
      "div",
      { class: "columns-2" },
      section("Identifiers", "All that is known to be this person.", table("Identifiers", ["Kind", "Value", "First seen", "From"], person.identifiers.map((one) => [plain(one.kind), one.value, moment(one.first_seen), one.source]))),
      section("Segments", null, list(Object.keys(services?.scoring?.segments ?? {}), "In no segment.")),
    ),
    section("What is known", "Each value with where it came from.", traits(person)),
    Object.entries(person.records ?? {}).map(([type, { count, latest }]) =>
      section(plain(`${type}s`), `${number(count)} in all; the latest ones.`, table(plain(`${type}s`), ["Id", "Status", "Last changed", "About"], latest.map((one) => [one.id, plain(one.status || "–"), moment(one.updated_at), said(one.fields)]))),
    ),
    person.merged_ids.length ? folded(`Merged from ${counted(person.merged_ids.length, "profile")}`, list(person.merged_ids)) : null,
  );
}

function traits({ domains }) {
  const rows = Object.entries(domains).flatMap(([domain, all]) => Object.entries(all).map(([name, one]) => [plain(name), said(one.value), plain(domain), plain(one.kind), one.source, moment(one.at)]));
  if (!rows.length) return empty("Nothing is known yet.");
  return table("Attributes", ["Attribute", "Value", "Domain", "How it is known", "From", "As of"], rows);
}

const list = (names, none = "") => (names.length ? h("ul", { class: "chips" }, names.map((name) => h("li", null, chip("quiet", plain(name))))) : empty(none));

function walks(api, id) {
  return part(async () => {
    const { journeys } = await api.get(path`/profiles/${id}/journeys`);
    if (!journeys.length) return empty("This person has been in no journey.");
    return h("div", { class: "stack" }, journeys.map((walk) => walked(api, id, walk)));
  }, { label: "Loading journeys" });
}

function walked(api, id, { journey, version, status, node, entered_at: entered, exited_at: exited, reason }) {
  const [tone, text] = status === "active" ? ["good", `In it, at ${plain(node)}`] : ["quiet", `Left: ${left(reason)}`];
  return section(
    h("a", { href: path`#/journeys/${journey}` }, plain(journey)),
    null,
    h("p", null, chip(tone, text)),
    facts([["Version", number(version)], ["Entered", moment(entered)], ["Left", exited ? moment(exited) : ""]]),
    part(async () => {
      const { steps } = await api.get(path`/profiles/${id}/journeys/${journey}/trace`);
      return folded(`Step by step (${steps.length})`, table("Steps", ["When", "What", "Node", "Detail"], steps.map((step) => [moment(step.at), plain(step.what), step.node ? plain(step.node) : "–", said(step.detail || "–")])));
    }, { label: "Loading steps" }),
  );
}
