// Campaigns and the portfolio: what is planned, what runs, what waits for a place, and what they do to each other.

import { path } from "./api.mjs";
import { chip, empty, facts, folded, link, page, section, table, tabs, tiles } from "./blocks.mjs";
import { bars } from "./charts.mjs";
import { h, part } from "./dom.mjs";
import { counted, moment, number, percent, plain, said } from "./words.mjs";

const RUNS = { done: ["good", "Done"], stopped: ["bad", "Stopped"], halted: ["bad", "Halted: too many bounces or complaints"], canary: ["waiting", "First few"], watching: ["waiting", "Watching the first few"], rest: ["good", "Going out"] };
const TABS = [["#/campaigns", "Campaigns"], ["#/campaigns/portfolio", "Portfolio"]];
const PORTFOLIO = "portfolio"; // no campaign can have this place: it is the address of the other tab

export function list({ api }) {
  return page(
    "Campaigns",
    "One message to everybody in a segment, at a moment or again and again.",
    tabs("Views of what is planned", TABS, TABS[0][0]),
    part(async () => listed((await api.get("/campaigns")).campaigns), { label: "Loading campaigns" }),
  );
}

/** The table of campaigns. */
export function listed(campaigns) {
  if (!campaigns.length) return empty("No campaign is planned.", "Plan one with `halte apply`, or with PUT /campaigns/{name}.");
  return table(
    counted(campaigns.length, "campaign"),
    ["Campaign", "Segment", "Portfolio", "#Version", "Next"],
    campaigns.map((one) => [link(one.title || one.name, path`#/campaigns/${one.name}`), link(plain(one.segment), path`#/segments/${one.segment}`), plain(one.portfolio), number(one.version), moment(one.next)]),
  );
}

export async function one({ api }, name) {
  if (name === PORTFOLIO) return portfolio(api);
  const campaign = await api.get(path`/campaigns/${name}`);
  return page(campaign.title || name, campaign.document.brief?.why ?? "", told(campaign));
}

/** One campaign with its runs. */
export function told({ document, next, runs, version, scheduled_at: since }) {
  const { schedule = {}, throughput, canary, holdout } = document;
  return h(
    "div",
    { class: "stack" },
    section(
      "What goes out",
      null,
      facts([
        ["To", link(plain(document.segment), path`#/segments/${document.segment}`)],
        ["Template", link(plain(document.template), path`#/templates/${document.template}`)],
        ["Channels", document.channels?.map(plain).join(", ")],
        ["Next", moment(next)],
        ["Begins", said(schedule.start)],
        ["Again", schedule.rule],
        ["By the clock of", schedule.zone === "person" ? "each person" : schedule.zone],
        ["People a minute", throughput ? number(throughput) : ""],
        ["First few", canary ? `${canary.percent} %` : ""],
        ["Held out", holdout ? `${holdout} %` : ""],
        ["Objective", document.objective ? plain(document.objective) : ""],
        ["Version", `${version}, since ${moment(since)}`],
      ]),
    ),
    section("Runs", "The newest first.", runs.length ? runsOf(runs) : empty("It has not run yet.")),
    h("p", null, link("Who is in it, and what came of it", path`#/journeys/${document.name}`)),
    folded("The document", h("pre", { tabindex: "0" }, JSON.stringify(document, null, 2))),
  );
}

function runsOf(runs) {
  return table(
    counted(runs.length, "run"),
    ["Began", "State", "#People", "#Entered", "#Parts left", "Ended"],
    runs.map((run) => {
      const [tone, text] = RUNS[run.state] ?? ["quiet", plain(run.state)];
      return [moment(run.at), chip(tone, text), number(run.people), number(run.entered), number(run.parts_left), moment(run.ended_at)];
    }),
  );
}

function portfolio(api) {
  return page(
    "Portfolio",
    "What is live at the same time, and what waits for a place.",
    tabs("Views of what is planned", TABS, TABS[1][0]),
    part(async () => {
      const [found, { all, objectives }] = await Promise.all([api.get("/portfolio"), api.get("/portfolio/pauses")]);
      return live(found, all, objectives);
    }, { label: "Loading the portfolio" }),
  );
}

/** What `/portfolio` and `/portfolio/pauses` answer. */
export function live({ settings, base, current, current_missing: missing, queue, advice }, all = {}, objectives = {}) {
  const paused = Object.entries(objectives).filter(([, one]) => one.paused).map(([name]) => plain(name));
  const seats = (title, hint, taken, most) => section(`${title}: ${number(taken.length)} of ${number(most)}`, hint, taken.length ? table(title, ["Name", "Since"], taken.map((seat) => [link(seat.title || seat.name, path`#/journeys/${seat.name}`), moment(seat.since)])) : empty("Nothing."));
  return h(
    "div",
    { class: "stack" },
    all.paused ? h("p", { role: "status", class: "failed" }, "Everything is paused.") : null,
    paused.length ? h("p", null, chip("waiting", "Paused"), ` ${paused.join(", ")}`) : null,
    missing ? h("p", null, chip("waiting", `${counted(missing, "current campaign")} missing`), ` At least ${number(settings.least_current)} keep people hearing something new.`) : null,
    h("div", { class: "columns-2" }, seats("Current", "For a while: campaigns, and journeys with an end.", current, settings.most_current), seats("Base", "Always there: a welcome, a birthday.", base, settings.most_base)),
    section("Waiting for a place", null, queue.length ? table("Waiting for a place", ["Name", "Kind", "Class", "Since", "Problem"], queue.map((one) => [plain(one.name), plain(one.kind), plain(one.class), moment(one.at), one.problem || "–"])) : empty("Nothing waits.")),
    section("What they do to each other", `Looked at as soon as more than ${number(settings.advise_above)} are live: from then on people are written to too often.`, advice ? pressing(advice, new Map([...base, ...current].map((seat) => [seat.name, seat.title || plain(seat.name)]))) : h("p", null, chip("good", `${counted(base.length + current.length, "place")} taken`), " Nothing to worry about yet.")),
  );
}

/** Which two meet the same people, and how many messages a person may expect; told by a sample. */
function pressing({ sampled_people: sampled, overlap, contacts_per_person: contacts }, titles) {
  const title = (name) => titles.get(name) ?? plain(name);
  const most = overlap.toSorted((one, other) => other.sampled - one.sampled);
  return h(
    "div",
    { class: "stack" },
    h("p", null, chip("waiting", "Many are live")),
    tiles({ label: "Messages a person may expect", value: contacts.mean.toFixed(1), note: `at most ${number(contacts.most)}` }, { label: "People looked at", value: number(sampled) }),
    most.length ? bars("Who meets the same people", most.slice(0, 12).map((pair) => ({ label: `${title(pair.a)} and ${title(pair.b)}`, value: pair.sampled, note: h("small", null, sampled ? percent(pair.sampled / sampled) : "") }))) : empty("No two of them meet the same people."),
    most.length ? folded("All pairs", table("Pairs that meet the same people", ["One", "Other", "#In the sample", "#About"], most.map((pair) => [title(pair.a), title(pair.b), number(pair.sampled), number(pair.about)]))) : null,
  );
}
