// What pages are made of: headings, tables, facts, states without content, and what went wrong.

import { h, mount } from "./dom.mjs";

/** A page: its title and what it is about, then its blocks. */
export function page(title, lead, ...blocks) {
  return {
    title,
    tree: h(
      "div",
      { class: "page" },
      h("header", { class: "page-head" }, h("h1", { tabindex: "-1" }, title), lead ? h("p", { class: "lead" }, lead) : null),
      blocks,
    ),
  };
}

/** A block of a page under a heading; `hint` says what it shows. */
export function section(title, hint, ...content) {
  return h("section", { class: "card" }, h("h2", null, title), hint ? h("p", { class: "hint" }, hint) : null, content);
}

/** Figures that matter most: `all` are {label, value, note?}. */
export function tiles(...all) {
  return h(
    "dl",
    { class: "tiles" },
    all.map((one) =>
      h("div", { class: "tile" }, h("dt", null, one.label), h("dd", null, one.value, one.note ? h("small", null, one.note) : null)),
    ),
  );
}

/** Names and what they are: `pairs` are [name, value]; what has no value is left out. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
}

/**
 * A table: `heads` are names, those that begin with # are of figures; `rows` are lists of cells, the first a heading.
 * A phone shows each row as a block of its own, which would take the table from screen readers: hence the roles.
 */
export function table(caption, heads, rows) {
  const names = heads.map((head) => head.replace(/^#/, ""));
  const kinds = heads.map((head) => (head.startsWith("#") ? "figure" : false));
  const head = (name, i) => h("th", { scope: "col", role: "columnheader", class: kinds[i] }, name);
  const cell = (one, i) =>
    i ? h("td", { role: "cell", class: kinds[i], "data-head": names[i] }, h("span", null, one)) : h("th", { scope: "row", role: "rowheader" }, one);
  return h(
    "div",
    { class: "scroll", role: "region", "aria-label": caption, tabindex: "0" },
    h(
      "table",
      { role: "table" },
      h("caption", null, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, names.map(head))),
      h("tbody", { role: "rowgroup" }, rows.map((row) => h("tr", { role: "row" }, row.map(cell)))),
    ),
  );
}

/** Folded away until asked for. */
export const folded = (summary, ...content) => h("details", null, h("summary", null, summary), content);

/** Nothing is there yet: what that means, and what to do. */
export const empty = (text, next) => h("div", { class: "empty" }, h("p", null, text), next ? h("p", { class: "hint" }, next) : null);

/** A word with a tone: good, bad, waiting or quiet. */
export const chip = (tone, text) => h("span", { class: `chip ${tone}` }, text);

/** A link to a page of the console: link("Ann", path`#/people/${id}`). */
export const link = (text, href) => h("a", { href }, text);

/** A button in whose place comes what `next` makes: the next part of a list. */
export function more(label, next) {
  return h("button", { type: "button", class: "plain", onclick: (event) => event.target.replaceWith(mount(next(), failed)) }, label);
}

/** What went wrong and what to do next; `again` tries once more. */
export function failed(error, again) {
  const known = typeof error.status === "number";
  return h(
    "div",
    { class: "failed", role: "alert" },
    h("p", null, h("strong", null, known ? error.message : "This page has a fault.")),
    h("p", null, known ? error.next : "Reload the page; if it stays so, tell whoever runs this stage."),
    again && (!known || error.status === 0 || error.status >= 429)
      ? h("button", { type: "button", class: "plain", onclick: again }, "Try again")
      : null,
  );
}

/** Pages of one thing, one of which is shown: `all` are [address, name]. */
export function tabs(label, all, current) {
  return h(
    "nav",
    { class: "tabs", "aria-label": label },
    h("ul", null, all.map(([href, name]) => h("li", null, h("a", { href, "aria-current": href === current ? "page" : false }, name)))),
  );
}
