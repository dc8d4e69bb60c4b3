// Segments: which there are, how large, who is in them, and why one person is or is not.

import { path } from "./api.mjs";
import { chip, empty, failed, folded, link, page, section, table, tiles } from "./blocks.mjs";
import { bars } from "./charts.mjs";
import { h, mount, part } from "./dom.mjs";
import { judged } from "./explain.mjs";
import { clause, day, moment, number, people, plain } from "./words.mjs";

export function list({ api }) {
  return page(
    "Segments",
    "Groups that people come into and leave by themselves, as soon as their condition turns.",
    part(async () => {
      const { segments } = await api.get("/segments");
      const sizes = await Promise.all(segments.map(async ({ name }) => size((await api.get(path`/segments/${name}/counts`)).counts)));
      return listed(segments, sizes);
    }, { label: "Counting segments" }),
  );
}

const size = (counts) => counts.reduce((sum, one) => (one.value === "in" ? sum + one.in : sum), 0);

/** The segments with how many are in each. */
export function listed(segments, sizes) {
  if (!segments.length) return empty("There are no segments yet.", "Define one with PUT /segments/{name}, or take a ready-made one from GET /segments/library.");
  const rows = segments.map((one, i) => ({ ...one, size: sizes[i] })).sort((one, other) => other.size - one.size);
  return h(
    "div",
    { class: "stack" },
    section("People in each", null, bars("People in each segment", rows.map((one) => ({ label: plain(one.name), value: one.size, href: path`#/segments/${one.name}` })))),
    section("What they mean", null, table("Segments", ["Segment", "Who is in it", "#People"], rows.map((one) => [link(plain(one.name), path`#/segments/${one.name}`), one.description || clause(one.condition), number(one.size)]))),
  );
}

export async function one({ api }, name) {
  const segment = await api.get(path`/segments/${name}`);
  return page(
    plain(name),
    segment.description || clause(segment.condition),
    part(async () => moves(api, name), { label: "Counting" }),
    section("Why is somebody in it, or not?", "Name a person by an identifier; every clause is shown with what was seen.", question(api, name)),
    section("Who is in it", "The first hundred.", part(() => members(api, name), { label: "Loading members" })),
    folded("The condition", h("pre", { tabindex: "0" }, JSON.stringify(segment.condition, null, 2))),
  );
}

async function moves(api, name) {
  const [{ counts }, { from, to, moves: all }] = await Promise.all([api.get(path`/segments/${name}/counts`), api.get(path`/segments/${name}/moves`)]);
  const of = (wanted) => all.reduce((sum, one) => (wanted(one) ? sum + one.count : sum), 0);
  const note = `${day(from)} to ${day(to)}`;
  return tiles(
    { label: "In it now", value: number(size(counts)) },
    { label: "Came in", value: number(of((one) => one.after === "in")), note },
    { label: "Went out", value: number(of((one) => one.before === "in" && one.after !== "in")), note },
  );
}

async function members(api, name) {
  const { members: all, cursor } = await api.get(path`/segments/${name}/members`, { limit: 100 });
  if (!all.length) return empty("Nobody is in it now.", "People come in as soon as the condition holds for them.");
  return table(`${people(all.length)}${cursor ? ", and more" : ""}`, ["Person", "Since"], all.map((one) => [link(one.profile_id, path`#/people/${one.profile_id}`), moment(one.since)]));
}

function question(api, name) {
  const answer = h("div", { id: "why", "aria-live": "polite" });
  const onsubmit = (event) => {
    event.preventDefault();
    const asked = new FormData(event.target).get("identifier").trim();
    document.getElementById("why").replaceChildren(mount(part(() => why(api, name, asked), { label: "Judging" }), failed));
  };
  return [
    h(
      "form",
      { class: "search", onsubmit },
      h("label", { for: "identifier" }, "E-mail address, customer number or profile id"),
      h("div", { class: "row" }, h("input", { id: "identifier", name: "identifier", autocomplete: "off", spellcheck: "false", required: true }), h("button", null, "Explain")),
    ),
    answer,
  ];
}

async function why(api, name, asked) {
  const { profile_id: id } = await api.get(path`/profiles/${asked}`);
  const { explained, segments } = await api.get(path`/profiles/${id}/standing`);
  if (!explained[name]) return h("p", null, chip("waiting", "Not judged yet"), " The segment is new; everybody is being looked at.");
  return h("div", { class: "stack" }, judged(name, explained[name], segments[name]), h("p", null, link("See the person", path`#/people/${id}`)));
}
