// A layered layout after Sugiyama: ranks by longest path, order by barycentre, long ways bent around what lies between.

const GAP = { x: 44, y: 40 };
const TEXT = 26; // more room below a layer whose ways say something
const MARGIN = 18;
const SWEEPS = 8;
const BEND = 24; // how wide a place a passing way takes
const SAID = 110; // … where it says something

/**
 * Where everything goes: `nodes` are {id, width, height}, `edges` {from, to, text, back?}. Answers nodes with {x, y} (middle of
 * their upper side), edges with {path, at, back}, and the drawing's width and height, all in pixels.
 */
export function layout(nodes, edges) {
  const known = new Map(nodes.map((node) => [node.id, { ...node }]));
  const ways = edges.filter((edge) => known.has(edge.from) && known.has(edge.to)).map((edge) => ({ ...edge }));
  markBack(known, ways);
  rank(known, ways);
  const layers = withBends(known, ways);
  order(layers, ways);
  const width = place(layers, ways);
  const height = stack(layers, ways);
  for (const way of ways) Object.assign(way, drawnWay(way, known, width));
  const right = ways.some((way) => way.back) ? MARGIN + 24 : 0;
  return { nodes: [...known.values()], edges: ways, width: Math.ceil(width + right), height: Math.ceil(height) };
}

/** A way that leads back to where one has been turns no ranks around. */
function markBack(known, ways) {
  const state = new Map();
  const visit = (id) => {
    state.set(id, "open");
    for (const way of ways.filter((one) => one.from === id)) {
      way.back ||= state.get(way.to) === "open";
      if (!way.back && !state.has(way.to)) visit(way.to);
    }
    state.set(id, "done");
  };
  for (const id of known.keys()) if (!state.has(id)) visit(id);
}

function rank(known, ways) {
  for (const node of known.values()) node.rank = 0;
  for (let changed = true, rounds = known.size + 1; changed && rounds; rounds--) {
    changed = false;
    for (const { from, to, back } of ways) {
      if (!back && known.get(to).rank <= known.get(from).rank) {
        known.get(to).rank = known.get(from).rank + 1;
        changed = true;
      }
    }
  }
}

/** Layers of nodes, with a bend in every layer that a long way passes; a way's `via` are its stops in turn. */
function withBends(known, ways) {
  const layers = [];
  const put = (one) => (layers[one.rank] ??= []).push(one);
  known.forEach(put);
  for (const way of ways) {
    const [from, to] = [known.get(way.from), known.get(way.to)];
    way.via = [from];
    for (let at = from.rank + 1; !way.back && at < to.rank; at++) {
      const bend = { rank: at, width: way.text && way.via.length === 1 ? SAID : BEND, height: 0 };
      put(bend);
      way.via.push(bend);
    }
    way.via.push(to);
  }
  return layers;
}

function neighbours(ways) {
  const above = new Map();
  const below = new Map();
  const add = (map, key, one) => map.set(key, [...(map.get(key) ?? []), one]);
  for (const { via, back } of ways) {
    for (let i = 1; !back && i < via.length; i++) {
      add(below, via[i - 1], via[i]);
      add(above, via[i], via[i - 1]);
    }
  }
  return { above, below };
}

function order(layers, ways) {
  const { above, below } = neighbours(ways);
  const number = (layer) => layer.forEach((one, i) => (one.order = i));
  layers.forEach(number);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : layers.toReversed()) {
      const near = (one) => (down ? above : below).get(one) ?? [];
      const mean = new Map(layer.map((one) => [one, average(near(one).map((other) => other.order), one.order)]));
      layer.sort((one, other) => mean.get(one) - mean.get(other) || one.order - other.order);
      number(layer);
    }
  }
}

const average = (values, otherwise) =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : otherwise;

/** Give everything an `x`: near its neighbours, in its order, with room between; answers the width of it all. */
function place(layers, ways) {
  const { above, below } = neighbours(ways);
  for (const layer of layers) spread(layer, layer.map((_, i) => i * 10));
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const near = sweep % 2 ? below : above;
    for (const layer of sweep % 2 ? layers.toReversed() : layers) {
      spread(layer, layer.map((one) => average((near.get(one) ?? []).map((other) => other.x), one.x)));
    }
  }
  const all = layers.flat();
  const left = Math.min(...all.map((one) => one.x - one.width / 2));
  for (const one of all) one.x += MARGIN - left;
  return Math.max(...all.map((one) => one.x + one.width / 2)) + MARGIN;
}

/** As near to `wanted` as room allows: pushed right in order, then pulled back by half of what that took. */
function spread(layer, wanted) {
  const room = (i) => (layer[i - 1].width + layer[i].width) / 2 + GAP.x;
  const right = [];
  wanted.forEach((x, i) => right.push(i ? Math.max(x, right[i - 1] + room(i)) : x));
  const left = [];
  for (let i = layer.length - 1; i >= 0; i--) {
    left[i] = i < layer.length - 1 ? Math.min(wanted[i], left[i + 1] - room(i + 1)) : wanted[i];
  }
  layer.forEach((one, i) => (one.x = (right[i] + left[i]) / 2));
}

function stack(layers, ways) {
  const says = new Set(ways.filter((way) => way.text).map((way) => way.via[0].rank));
  let y = MARGIN;
  let gap = 0;
  for (const layer of layers) {
    const tall = Math.max(...layer.map((one) => one.height));
    for (const one of layer) one.y = y + (tall - one.height) / 2;
    gap = GAP.y + (says.has(layer[0].rank) ? TEXT : 0);
    y += tall + gap;
  }
  return y - gap + MARGIN;
}

function drawnWay({ via, back }, known, width) {
  const [from, to] = [via[0], via.at(-1)];
  if (back) {
    const side = width + 8;
    const [start, end] = [from.y + from.height / 2, to.y + to.height / 2];
    const path = `M${from.x + from.width / 2} ${start} C${side} ${start} ${side} ${end} ${to.x + to.width / 2 + 2} ${end}`;
    return { path, at: { x: from.x + from.width / 2 + 78, y: start - 8 } };
  }
  let [x, y] = [from.x, from.y + from.height];
  let path = `M${x.toFixed(1)} ${y.toFixed(1)}`;
  for (const stop of via.slice(1)) {
    const middle = (y + stop.y) / 2;
    path += ` C${x.toFixed(1)} ${middle.toFixed(1)} ${stop.x.toFixed(1)} ${middle.toFixed(1)} ${stop.x.toFixed(1)} ${stop.y.toFixed(1)}`;
    [x, y] = [stop.x, stop.y];
  }
  const [first, next] = via;
  return { path, at: { x: (first.x + 4 * next.x) / 5, y: first.y + first.height + 34 } };
}
