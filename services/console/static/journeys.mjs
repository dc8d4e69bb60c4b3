// Journeys: which there are, and one of them as a picture of who is where right now.

import { chip, empty, facts, folded, link, page, section, table, tabs, tiles } from "./blocks.mjs";
import { bars } from "./charts.mjs";
import { drawn, parse } from "./diagram.mjs";
import { experiments } from "./experiments.mjs";
import { h, part } from "./dom.mjs";
import { path } from "./api.mjs";
import { simulations } from "./simulations.mjs";
import { left, moment, number, people, percent, plain } from "./words.mjs";

const LIVE_MS = 5_000;
const STATES = { live: ["good", "Live"], draining: ["waiting", "Nobody enters any more"], stopped: ["bad", "Stopped"] };

export function list({ api }) {
  return page(
    "Journeys",
    "Each is a graph that people walk through. Open one to see who is where.",
    part(async () => {
      const [{ journeys }, { rows }] = await Promise.all([api.get("/journeys"), api.get("/journeys/report", { by: "journey" })]);
      return listed(journeys, new Map(rows.map((row) => [row.name, row])));
    }, { label: "Loading journeys" }),
  );
}

/** The table of `journeys`; `reports` are their figures by name. */
export function listed(journeys, reports) {
  if (!journeys.length) return empty("No journey is published yet.", "Publish one with `halte apply`, or with PUT /journeys/{name}.");
  const of = (one, name) => number(reports.get(one.name)?.[name]);
  return table(
    `${journeys.length} published journeys`,
    ["Journey", "Objective", "Angle", "#Version", "#Entered", "#In it now", "#Reached the goal", "Published"],
    journeys.map((one) => [
      link(one.title || one.name, path`#/journeys/${one.name}`),
      plain(one.objective ?? ""),
      plain(one.angle ?? ""),
      number(one.version),
      of(one, "entered"),
      of(one, "active"),
      percent(reports.get(one.name)?.reached_rate),
      moment(one.published_at),
    ]),
  );
}

export async function one({ api }, name, tab = "picture") {
  const journey = await api.get(path`/journeys/${name}`);
  const { document } = journey;
  const here = (at) => (at === "picture" ? path`#/journeys/${name}` : path`#/journeys/${name}/${at}`);
  const all = [[here("picture"), "Picture"], [here("participants"), "Participants"], [here("tests"), "Tests"], [here("simulate"), "Simulate"], [here("about"), "About"]];
  const shown = { picture: () => picture(api, journey), participants: () => participants(api, name), tests: () => experiments(api, name), simulate: () => simulations(api, name), about: () => about(journey) };
  return page(
    document.title || name,
    document.brief?.why ?? "",
    tabs("Views of this journey", all, here(tab)),
    (shown[tab] ?? shown.picture)(),
  );
}

function picture(api, journey) {
  return part(async () => live(journey, await api.get(path`/journeys/${journey.name}/status`)), { every: LIVE_MS, label: "Counting who is where" });
}

/** A journey's picture and figures as its status says they are now. */
export function live({ name, version, diagram, document }, status) {
  const [tone, word] = status.held ? ["waiting", "Paused"] : (STATES[status.status] ?? ["quiet", plain(status.status)]);
  const counts = {};
  for (const one of status.versions) for (const [node, count] of Object.entries(one.nodes)) counts[node] = (counts[node] ?? 0) + count;
  const { so_far: sofar } = status;
  const stuck = status.versions.flatMap((one) => one.stuck);
  return h(
    "div",
    { class: "stack" },
    h("p", { class: "state" }, chip(tone, word), ` Version ${version}. Counts are looked at every five seconds.`),
    stuck.length ? h("p", { role: "alert", class: "failed" }, `${stuck.length === 1 ? "1 group of people is" : `${number(stuck.length)} groups of people are`} stuck. Look at the alarms of this stage.`) : null,
    tiles(
      { label: "Entered", value: number(sofar.entered) },
      { label: "In it now", value: number(sofar.active) },
      { label: "Messages asked for", value: number(sofar.asked) },
      { label: "Reached the goal", value: number(sofar.reached), note: percent(sofar.reached_rate) },
    ),
    section(
      "Who is where",
      "The newest version's graph; people of older versions are counted at the node of the same name.",
      h("div", { class: "scroll picture centred", role: "region", "aria-label": "Picture of the journey", tabindex: "0" }, drawn(document.title || name, diagram.dot, counts)),
      folded("The picture as a table", asTable(diagram.dot, counts)),
    ),
    Object.keys(sofar.left).length
      ? section("How people left", null, bars("How people left", Object.entries(sofar.left).map(([code, value]) => ({ label: plain(left(code)), value }))))
      : null,
  );
}

function asTable(dot, counts) {
  const { nodes, edges } = parse(dot);
  const ways = (id) => edges.filter((edge) => edge.from === id).map((edge) => (edge.text ? `${edge.text}: ` : "") + edge.to.replace(/^n_/, "")).join("; ");
  return table(
    "Nodes, who is there, and where they lead",
    ["Node", "#People", "Leads to"],
    nodes.map((node) => [node.text.replaceAll("\n", ", "), number(counts[node.id.replace(/^n_/, "")] ?? 0), ways(node.id) || "–"]),
  );
}

function participants(api, name) {
  return part(async () => {
    const { participants: all, cursor } = await api.get(path`/journeys/${name}/participants`);
    if (!all.length) return empty("Nobody is in this journey now.", "People enter when what its entry names happens to them.");
    return h(
      "div",
      { class: "stack" },
      table(
        `${people(all.length)}${cursor ? ", and more" : ""}`,
        ["Person", "At node", "Since", "Goes on", "#Version"],
        all.map((one) => [link(one.profile_id, path`#/people/${one.profile_id}`), plain(one.node), moment(one.since), moment(one.due), number(one.version)]),
      ),
    );
  }, { label: "Loading participants" });
}

function about({ document, versions }) {
  const { brief = {} } = document;
  return h(
    "div",
    { class: "stack" },
    section(
      "Brief",
      null,
      facts([
        ["Objective", plain(document.objective ?? "")],
        ["Angle", plain(document.angle ?? "")],
        ["For whom", brief.who],
        ["Why", brief.why],
        ["Channels", brief.channels?.join(", ")],
        ["Needs to know", brief.needed_data?.join(", ")],
      ]),
    ),
    section("Versions", "People finish in the version they entered, unless they are migrated.", table("Versions", ["Version", "Published"], versions.map((one) => [number(one.version), moment(one.published_at)]))),
    folded("The document", h("pre", { tabindex: "0" }, JSON.stringify(document, null, 2))),
  );
}
