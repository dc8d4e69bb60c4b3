// A journey's picture: the API's Graphviz text is read, laid out in layers, and drawn with how many people are where.

import { h } from "./dom.mjs";
import { layout } from "./layers.mjs";
import { people } from "./words.mjs";

const NODE = /^\s*"((?:[^"\\]|\\.)*)" \[label="((?:[^"\\]|\\.)*)" shape=(\w+)\];$/;
const EDGE = /^\s*"((?:[^"\\]|\\.)*)" -> "((?:[^"\\]|\\.)*)"(?: \[label="((?:[^"\\]|\\.)*)"\])?;$/;
const WIDE = 208;
const LINE = 17;
const PADDING = 11;
const KINDS = { ellipse: "wait", diamond: "choice", doublecircle: "end", oval: "entry", cds: "jump", box: "send" };

/** Nodes {id, lines, kind} and edges {from, to, text, back} of what the API calls `diagram.dot`. */
export function parse(dot) {
  const nodes = [];
  const edges = [];
  for (const line of dot.split("\n")) {
    const edge = EDGE.exec(line);
    const node = edge ? null : NODE.exec(line);
    if (edge) edges.push({ from: unescaped(edge[1]), to: unescaped(edge[2]), text: unescaped(edge[3] ?? "") });
    if (node) nodes.push({ id: unescaped(node[1]), text: unescaped(node[2]), kind: KINDS[node[3]] ?? "action" });
  }
  const jumps = new Set(nodes.filter((node) => node.kind === "jump").map((node) => node.id));
  for (const edge of edges) edge.back = jumps.has(edge.from) && edge.text.startsWith("again");
  return { nodes, edges };
}

const unescaped = (text) => text.replaceAll(/\\(.)/g, (_, sign) => (sign === "n" ? "\n" : sign));

/** A text in lines of at most `most` characters, at most `lines` of them. */
export function wrapped(text, most, lines) {
  const made = [];
  for (const word of text.split(/\s+/)) {
    const last = made.at(-1);
    if (last !== undefined && last.length + word.length < most) made[made.length - 1] = `${last} ${word}`;
    else made.push(word);
  }
  const cut = made.slice(0, lines).map((line) => (line.length > most ? `${line.slice(0, most - 1)}…` : line));
  if (made.length > lines) cut[lines - 1] = `${cut[lines - 1].slice(0, most - 1)}…`;
  return cut;
}

/** The drawing of a journey named `name`; `counts` are people by node. */
export function drawn(name, dot, counts = {}) {
  const { nodes, edges } = parse(dot);
  const sized = nodes.map(sizedNode);
  const plan = layout(sized, edges);
  return h(
    "svg",
    { class: "journey", width: plan.width, height: plan.height, role: "img", "aria-label": `The way through ${name}` },
    h(
      "defs",
      null,
      h(
        "marker",
        { id: "tip", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto" },
        h("path", { class: "tip", d: "M0 0 8 4 0 8z" }),
      ),
    ),
    plan.edges.map((edge) => h("path", { class: edge.back ? "way back" : "way", d: edge.path, "marker-end": "url(#tip)" })),
    plan.nodes.map((node) => box(node, counts[node.id.replace(/^n_/, "")] ?? 0)),
    plan.edges.filter((edge) => edge.text).map(wayText),
  );
}

function sizedNode(node) {
  const [title, ...rest] = node.text.split(/: (.*)/s);
  const lines = node.kind === "entry" ? wrapped(node.text, 28, 4) : [title.slice(0, 28), ...wrapped(rest[0] ?? "", 30, 3)];
  const shown = lines.filter((line) => line);
  return { ...node, lines: shown, width: WIDE, height: shown.length * LINE + 2 * PADDING };
}

function box({ x, y, width, height, kind, lines, text }, here) {
  const round = { wait: height / 2, entry: height / 2, end: height / 2, choice: 4 }[kind] ?? 8;
  return h(
    "g",
    { class: `node ${kind}`, transform: `translate(${x - width / 2} ${y})` },
    h("title", null, here ? `${text} (${people(here)} here)` : text),
    h("rect", { width, height, rx: Math.min(round, 22) }),
    kind === "end" ? h("rect", { class: "inner", x: 3, y: 3, width: width - 6, height: height - 6, rx: 18 }) : null,
    lines.map((line, i) =>
      h("text", { class: i ? "" : "first", x: width / 2, y: PADDING + LINE * i + 13, "text-anchor": "middle" }, line),
    ),
    here ? badge(width, here) : null,
  );
}

function badge(width, here) {
  const text = people(here);
  const wide = text.length * 6.6 + 16;
  return h(
    "g",
    { class: "badge", transform: `translate(${width - wide + 8} -11)` },
    h("rect", { width: wide, height: 21, rx: 10.5 }),
    h("text", { x: wide / 2, y: 14.5, "text-anchor": "middle" }, text),
  );
}

function wayText({ at, text }) {
  const lines = wrapped(text, 24, 2);
  return h(
    "text",
    { class: "way-text", x: at.x, y: at.y, "text-anchor": "middle" },
    h("title", null, text),
    lines.map((line, i) => h("tspan", { x: at.x, dy: i ? 14 : 0 }, line)),
  );
}
