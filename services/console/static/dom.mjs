// Pages are trees of plain data, made by h() and turned into elements here. Text becomes text nodes and nothing else,
// so that what customers typed can't become markup; tests read the trees without a browser.

const SVG = "http://www.w3.org/2000/svg";
const LINKS = /^(#\/|#[a-z-]*$)/; // a page of ours; nothing else may be linked to

/** An element: `attrs` are attributes (functions: listeners), `children` texts, numbers, elements or nothing. */
export function h(tag, attrs, ...children) {
  return { tag, attrs: attrs ?? {}, children: children.flat(Infinity).filter((one) => one ?? false) };
}

/** A part of a page that loads by itself: `load` gives its tree; every `every` milliseconds it looks again. */
export function part(load, { every = 0, label = "Loading" } = {}) {
  return { load, every, label };
}

/** A drawing that depends on how wide its place is: `draw(width)` gives its tree. */
export function fitted(draw) {
  return { draw };
}

/** All text of a tree, for tests and for what is announced. */
export function textOf(node) {
  if (typeof node !== "object") return String(node);
  return (node.children ?? []).map(textOf).join(" ");
}

/** The elements of a tree. `failed(error, again)` is the tree of a part that could not be loaded. */
export function mount(node, failed, namespace = null) {
  if (typeof node !== "object") return document.createTextNode(String(node));
  if (node.load) return mountPart(node, failed);
  if (node.draw) return mountFitted(node, failed);
  const space = node.tag === "svg" ? SVG : namespace;
  const made = space ? document.createElementNS(space, node.tag) : document.createElement(node.tag);
  for (const [name, value] of Object.entries(node.attrs)) {
    if (typeof value === "function") made.addEventListener(name.slice("on".length), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, checked(name, value));
  }
  made.append(...node.children.map((child) => mount(child, failed, space)));
  return made;
}

function checked(name, value) {
  if (name === "href" && !LINKS.test(value)) throw new Error(`a link that leads elsewhere: ${value}`);
  if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error(`${name} is not set as text`);
  return value;
}

function mountPart({ load, every, label }, failed) {
  const place = document.createElement("div");
  place.className = "part";
  let before = "";
  const show = (tree) => {
    const scrolled = [...place.querySelectorAll(".scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
    place.replaceChildren(mount(tree, failed));
    place.querySelectorAll(".scroll").forEach((one, i) => scrolled[i] && one.scrollTo(...scrolled[i]));
  };
  const run = async (first) => {
    if (first) {
      place.setAttribute("aria-busy", "true");
      show(h("p", { class: "loading" }, `${label}…`));
    }
    try {
      const tree = await load();
      const now = every ? JSON.stringify(tree) : "";
      if (first || now !== before) show(tree); // what has not changed keeps its focus
      before = now;
      if (first) place.querySelectorAll(".centred").forEach((one) => one.scrollTo((one.scrollWidth - one.clientWidth) / 2, 0));
    } catch (error) {
      if (error.name === "AbortError") return;
      show(failed(error, () => run(true)));
    }
    place.removeAttribute("aria-busy");
    if (every) setTimeout(() => place.isConnected && again(), every);
  };
  const again = () => (document.hidden ? setTimeout(() => place.isConnected && again(), every) : run(false));
  run(true);
  return place;
}

function mountFitted({ draw }, failed) {
  const place = document.createElement("div");
  place.className = "fitted";
  let drawn = 0;
  const redraw = (width) => {
    if (width <= 0 || width === drawn) return;
    drawn = width;
    place.replaceChildren(mount(draw(width), failed));
  };
  new ResizeObserver(([entry]) => {
    const width = Math.floor(entry.contentRect.width);
    requestAnimationFrame(() => redraw(width)); // what is drawn here changes sizes that are being observed
  }).observe(place);
  return place;
}
