// The console: addresses (#/…) lead to pages, which read the API as whoever signed in.

import { connect } from "./api.mjs";
import { failed, page } from "./blocks.mjs";
import * as campaigns from "./campaigns.mjs";
import * as decisions from "./decisions.mjs";
import { h, mount } from "./dom.mjs";
import * as figures from "./figures.mjs";
import * as journeys from "./journeys.mjs";
import * as messages from "./messages.mjs";
import * as overview from "./overview.mjs";
import * as people from "./people.mjs";
import * as pressure from "./pressure.mjs";
import * as reports from "./reports.mjs";
import * as segments from "./segments.mjs";
import * as session from "./session.mjs";
import * as stages from "./stages.mjs";
import * as tasks from "./tasks.mjs";
import * as templates from "./templates.mjs";

const PAGES = [
  ["", overview.show, "Overview"],
  ["reports", reports.show, "Reports"],
  ["reports/*", reports.show],
  ["figures", figures.show, "Figures"],
  ["figures/*", figures.show],
  ["journeys", journeys.list, "Journeys"],
  ["journeys/*", journeys.one],
  ["campaigns", campaigns.list, "Campaigns"],
  ["campaigns/*", campaigns.one],
  ["people", people.search, "People"],
  ["people/*", people.one],
  ["segments", segments.list, "Segments"],
  ["segments/*", segments.one],
  ["stages", stages.show, "Stages"],
  ["templates", templates.list, "Templates"],
  ["templates/*", templates.one],
  ["tasks", tasks.list, "Tasks"],
  ["pressure", pressure.show, "Pressure"],
  ["messages", messages.find, "Messages"],
  ["messages/*", decisions.one],
  ["outbox", messages.outbox, "Outbox"],
  ["outbox/*", messages.opened],
];
const LOCAL = "local"; // the stage whose outbox can be opened

const base = session.baseOf(location);
const main = document.getElementById("main");
const menu = document.querySelector("nav");
const signOut = document.getElementById("sign-out");
const isLocal = document.documentElement.dataset.stage === LOCAL;
let lockedOut = "";
let turn = 0;

/** The page of an address, and the parts of the address that it takes; none where there is no such page. */
function find(address) {
  const parts = address.replace(/^#?\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  const name = [parts[0] ?? "", ...(parts.length > 1 ? ["*"] : [])].join("/");
  const found = PAGES.find(([route]) => route === name);
  return found && (isLocal || parts[0] !== "outbox") ? [found[1], parts.slice(1)] : null;
}

async function show() {
  const mine = ++turn;
  const key = session.held();
  menu.hidden = signOut.hidden = !key;
  if (!key) return put(session.signIn({ base, done: signedIn, why: lockedOut }));
  mark();
  main.setAttribute("aria-busy", "true");
  let shown;
  try {
    const [make, parts] = find(location.hash) ?? [nowhere, []];
    shown = await make({ api: connect({ base, key, onLockedOut }), go: (address) => (location.hash = address) }, ...parts);
  } catch (error) {
    shown = page("That did not work", null, failed(error, show));
  }
  if (mine === turn) put(shown);
}

function put({ title, tree }) {
  main.removeAttribute("aria-busy");
  main.replaceChildren(mount(tree, failed));
  main.querySelector(".tabs [aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" });
  document.title = `${title} · Halte`;
  document.getElementById("said").textContent = title;
  scrollTo(0, 0);
  main.querySelector("h1").focus({ preventScroll: true });
}

const nowhere = () => page("There is no such page", "Choose one from the menu.");

function signedIn(key) {
  session.keep(key);
  lockedOut = "";
  show();
}

function onLockedOut() {
  if (!session.held()) return;
  session.forget();
  lockedOut = "The key is no longer accepted. Sign in again.";
  show();
}

function mark() {
  const current = location.hash.replace(/^#?\/?/, "").split("/")[0];
  const items = PAGES.filter(([route, , name]) => name && (isLocal || route !== "outbox"));
  const list = items.map(([route, , name]) => h("li", null, h("a", { href: `#/${route}`, "aria-current": route === current ? "page" : false }, name)));
  menu.replaceChildren(mount(h("ul", null, list)));
  menu.querySelector("[aria-current=page]")?.scrollIntoView({ block: "nearest", inline: "center" }); // a phone shows a few
}

signOut.addEventListener("click", () => {
  session.forget();
  lockedOut = "";
  location.hash = "";
  show();
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address says which page this is
  main.focus();
});
addEventListener("hashchange", show);
show();
