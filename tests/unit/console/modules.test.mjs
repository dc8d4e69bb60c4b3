// The console's modules without a browser: pages are trees of data, so what they say can be read.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused, connect, path, refusal } from "../../../services/console/static/api.mjs";
import { ceiling, drawnColumns, funnel, intervals } from "../../../services/console/static/charts.mjs";
import { live as portfolio, told as campaign } from "../../../services/console/static/campaigns.mjs";
import { proof } from "../../../services/console/static/consent.mjs";
import { decision } from "../../../services/console/static/decisions.mjs";
import { drawn, parse, wrapped } from "../../../services/console/static/diagram.mjs";
import { h, textOf } from "../../../services/console/static/dom.mjs";
import { loyalty, satisfaction, service, settled } from "../../../services/console/static/figures.mjs";
import { told } from "../../../services/console/static/experiments.mjs";
import { reasons } from "../../../services/console/static/explain.mjs";
import { layout } from "../../../services/console/static/layers.mjs";
import { messages } from "../../../services/console/static/overview.mjs";
import { heldBack, policy } from "../../../services/console/static/pressure.mjs";
import { decided, permission, told as pageOf } from "../../../services/console/static/timeline.mjs";
import { everyDay, own, report } from "../../../services/console/static/reports.mjs";
import { live } from "../../../services/console/static/journeys.mjs";
import { answered, asked, ended } from "../../../services/console/static/simulations.mjs";
import { lifecycle } from "../../../services/console/static/stages.mjs";
import { previewed } from "../../../services/console/static/templates.mjs";
import { baseOf } from "../../../services/console/static/session.mjs";
import { clause, length, percent, plain, said } from "../../../services/console/static/words.mjs";
import { account } from "../../../services/console/static/points.mjs";

const DOT = `digraph "second" {
  "entry" [label="enters \\"first\\"" shape=oval];
  "n_wait" [label="wait: wait 1 h" shape=ellipse];
  "n_again" [label="again?" shape=diamond];
  "n_offer" [label="offer: send offer (email)" shape=box];
  "n_done" [label="done: completed" shape=doublecircle];
  "entry" -> "n_wait";
  "n_wait" -> "n_again";
  "n_again" -> "n_done" [label="orders ≥ 20"];
  "n_again" -> "n_offer" [label="otherwise"];
  "n_offer" -> "n_done";
  "n_offer" -> "n_wait" [label="again"];
}
`;

const all = (tree, tag) => [...(tree.tag === tag ? [tree] : []), ...(tree.children ?? []).flatMap((one) => all(one, tag))];
const words = (tree) => textOf(tree).replaceAll(/\s+/g, " ").trim();

test("the API's picture is read whole", () => {
  const { nodes, edges } = parse(DOT);
  assert.deepEqual(nodes.map((one) => one.kind), ["entry", "wait", "choice", "send", "end"]);
  assert.equal(nodes[0].text, 'enters "first"');
  assert.equal(edges.length, 6);
  assert.deepEqual(edges[2], { from: "n_again", to: "n_done", text: "orders ≥ 20", back: false });
});

test("points are shown with what is owed and what may be had", () => {
  const lines = [{ at: "2026-01-03T00:00:00.000Z", kind: "refund", points: -20, owed: 80, cause: "Order Cancelled" }];
  const perks = [{ title: "Free repair", open: true }, { title: "An evening of tasting", open: false }];
  const shown = words(account({ unit: "beans", balance: 0, tier: "silver", debt: 80, expires_at: null, perks, referral_code: null, entries: lines }));
  for (const one of ["80 owed", "Silver", "Free repair", "Order Cancelled"]) assert.ok(shown.includes(one), `${one}: ${shown}`);
  assert.ok(!shown.includes("tasting"));
});

test("nodes go down in ranks, never overlap, and what leads back is told apart", () => {
  const { nodes, edges } = parse(DOT);
  const plan = layout(nodes.map((one) => ({ ...one, width: 100, height: 40 })), edges);
  const at = Object.fromEntries(plan.nodes.map((one) => [one.id, one]));
  assert.ok(at.entry.y < at.n_wait.y && at.n_wait.y < at.n_again.y && at.n_again.y < at.n_offer.y && at.n_offer.y < at.n_done.y);
  for (const one of plan.nodes) {
    assert.ok(one.x - one.width / 2 >= 0 && one.x + one.width / 2 <= plan.width && one.y + one.height <= plan.height);
    for (const other of plan.nodes) if (one !== other) assert.ok(Math.abs(one.x - other.x) >= 100 || Math.abs(one.y - other.y) >= 40);
  }
  assert.deepEqual(plan.edges.filter((one) => one.back).map((one) => one.to), ["n_wait"]);
});

test("a layer of many stays in order and apart", () => {
  const leaves = Array.from({ length: 12 }, (_, i) => ({ id: `leaf${i}`, width: 80, height: 20 }));
  const plan = layout([{ id: "top", width: 80, height: 20 }, ...leaves], leaves.map(({ id }) => ({ from: "top", to: id, text: "" })));
  const xs = plan.nodes.slice(1).map((one) => one.x).sort((a, b) => a - b);
  for (let i = 1; i < xs.length; i++) assert.ok(xs[i] - xs[i - 1] >= 80);
});

test("a picture says how many are where", () => {
  const tree = drawn("Second order", DOT, { wait: 3, done: 1 });
  assert.deepEqual(all(tree, "g").filter((one) => one.attrs.class === "badge").map(words), ["3 people", "1 person"]);
  assert.deepEqual(wrapped("one two three four five six", 9, 2), ["one two", "three…"]);
  assert.ok(wrapped("a".repeat(50), 10, 2).every((line) => line.length <= 10));
});

test("axes end at round numbers at or above what they show", () => {
  assert.deepEqual([0, 1, 3, 7, 12, 2400].map(ceiling), [1, 1, 5, 10, 20, 2500]);
  const tree = drawnColumns("Sent", [{ label: "1 Jan", value: 5 }, { label: "2 Jan", value: 0 }], "messages", 320);
  const heights = all(tree, "rect").map((one) => Number(one.attrs.height));
  assert.ok(heights[0] > 100 && heights[1] === 0);
  assert.match(tree.attrs["aria-label"], /5 messages in all, most on 1 Jan/);
});

test("charts say their figures as text", () => {
  assert.match(words(funnel("x", [{ label: "Sent", value: 8 }, { label: "Opened", value: 2 }])), /Opened 2 25 % of sent/);
  const rate = intervals("x", [{ label: "A", rate: 0.1, low: 0.05, high: 0.2, of: 40 }]);
  assert.match(words(rate), /A 10 % 5.0 % to 20 %, of 40/);
  const [track, range] = all(rate, "rect");
  assert.equal(track.attrs.width, 100);
  assert.deepEqual([Number(range.attrs.x), Number(range.attrs.width)], [25, 75]);
});

test("the report counts what is missing as nothing, and says when there is nothing", () => {
  const summary = { totals: { requested: 4, sent: 3, delivered: 2 }, skipped_by_reason: { no_consent: 1 }, by_template: { offer: { sent: 3 } }, by_channel: { "": { requested: 4 }, email: { sent: 3 } } };
  const text = words(messages(summary));
  assert.match(text, /Delivered 2 67 % of sent/);
  assert.match(text, /There is no permission for this purpose on this channel\. 1/);
  assert.match(words(messages({ ...summary, totals: {} })), /No message has been asked for yet\. Publish a journey/);
});

test("a decision says what every gate asked and found", () => {
  const record = { send_id: "snd_1", template: "offer", channels: ["email", "sms"], channel: "", status: "skipped", reason: "no_consent", requested_at: "2026-01-10T12:00:00.000Z", first_opened_at: "2026-01-11T12:00:00.000Z", gates: [{ gate: "address", verdict: "pass" }, { gate: "consent", channel: "email", input: "none", verdict: "stop" }], why: { summary: "It was not sent: no permission.", gates: ["An address was known.", "There was no permission."] } };
  const text = words(decision(record));
  assert.match(text, /E-mail, SMS, asked for 10 Jan 2026, 12:00 UTC/);
  assert.match(text, /Skipped It was not sent: no permission\./);
  assert.match(text, /✓ An address was known\. ✗ There was no permission\./);
  assert.match(text, /Opened 11 Jan 2026/);
});

test("a broken proof is not called whole", () => {
  const entry = { entry_id: "cns_1", kind: "granted", at: "2026-01-10T12:00:00.000Z", purpose: "newsletter", channel: "email", means: "post", intact: true };
  const whole = { states: [], states_follow: true, entries: [entry], anchors: [], how_to_check: [], head: {} };
  assert.match(words(proof(whole)), /Proof holds/);
  for (const broken of [{ ...whole, states_follow: false }, { ...whole, entries: [entry, { ...entry, intact: false }] }]) {
    assert.match(words(proof(broken)), /Proof is broken .* Tell whoever answers for privacy/);
    assert.doesNotMatch(words(proof(broken)), /Proof holds/);
  }
});

test("an explanation is nested as its condition is", () => {
  const why = { clause: "all", verdict: false, children: [{ clause: { fact: "orders", gte: 1 }, verdict: true, seen: 3 }, { clause: { event: "Order Completed", within: "P30D" }, verdict: false, seen: 0 }] };
  const text = words(reasons(why));
  assert.match(text, /✗ All of these hold : no ✓ Orders ≥ 1 : yes; seen: 3 ✗ event Order Completed within 30 days : no; seen: 0/);
});

test("values and codes in words", () => {
  assert.equal(plain("firstName"), "First name");
  assert.equal(plain("no_order_90d"), "No order 90d");
  assert.deepEqual(["P1D", "P30D", "PT1H30M", "P", "Paris"].map(length), ["1 day", "30 days", "1 hour 30 minutes", "P", "Paris"]);
  assert.deepEqual([0, 0.004, 0.5, null, NaN].map(percent), ["0 %", "0.4 %", "50 %", "–", "–"]);
  assert.equal(said({ a: [1, true], b: null }), "a: 1, yes, b: nothing");
  assert.equal(clause({ trait: "firstName", exists: true }), "trait firstName is known");
});

test("only pages of the console can be linked to, and nothing is set as markup", async () => {
  const made = [];
  globalThis.document = { createElement: () => ({ setAttribute: (...args) => made.push(args), addEventListener: () => {}, append: () => {} }), createTextNode: (text) => text };
  const { mount } = await import("../../../services/console/static/dom.mjs");
  for (const href of ["javascript:alert(1)", "https://example.com", "//example.com", "#x javascript:", "/x"]) assert.throws(() => mount(h("a", { href }, "x")), /leads elsewhere/);
  for (const attrs of [{ onclick: "alert(1)" }, { style: "x" }, { srcdoc: "x" }]) assert.throws(() => mount(h("div", attrs)), /is not set as text/);
  mount(h("a", { href: path`#/people/${'"><script>'}`, title: "<b>" }, "x"));
  assert.deepEqual(made, [["href", "#/people/%22%3E%3Cscript%3E"], ["title", "<b>"]]);
  delete globalThis.document;
});

const answering = (status, body) => async (...asked) => (answering.asked = asked, { ok: status < 400, status, text: async () => body });

test("the key goes into the header of a request and nowhere else", async () => {
  const api = connect({ base: "https://api.example", key: "secret", ask: answering(200, '{"a":1}') });
  assert.deepEqual(await api.get(path`/profiles/${"a/b?c"}`, { limit: 5, cursor: "" }), { a: 1 });
  const [url, options] = answering.asked;
  assert.equal(url, "https://api.example/profiles/a%2Fb%3Fc?limit=5");
  assert.equal(options.headers.Authorization, "Bearer secret");
  assert.deepEqual([options.credentials, options.redirect], ["omit", "error"]);
});

test("what goes wrong is said with what to do next", async () => {
  let lockedOut = 0;
  const ask = (status, body) => connect({ base: "", key: "k", ask: answering(status, body), onLockedOut: () => lockedOut++ }).get("/x");
  await assert.rejects(ask(403, '{"message":"Forbidden"}'), { message: "The key was not accepted.", next: /Sign in again/ });
  assert.equal(lockedOut, 1);
  await assert.rejects(ask(404, '{"code":"not_found","message":"there is no journey"}'), { message: "there is no journey", next: /Check the name/ });
  await assert.rejects(ask(400, '{"message":{"a":1}}'), { message: /refused \(400\)/ });
  await assert.rejects(ask(502, "<html>"), { next: /alarms/ });
  await assert.rejects(ask(200, "<html>"), { message: /could not be read/ });
  const offline = connect({ base: "", key: "k", ask: async () => { throw new TypeError("no network"); } });
  await assert.rejects(offline.get("/x"), (error) => error instanceof Refused && error.status === 0 && /connection/.test(error.next));
  assert.equal(refusal(429, "").next, "Wait a moment, then try again.");
  assert.equal(lockedOut, 1);
});

test("the API is where the console is", () => {
  assert.equal(baseOf({ origin: "https://a.example", pathname: "/console" }), "https://a.example");
  assert.equal(baseOf({ origin: "http://127.0.0.1:4566", pathname: "/_aws/execute-api/x/$default/console" }), "http://127.0.0.1:4566/_aws/execute-api/x/$default");
});

const NOTHING = { requested: 0, sent: 0, delivered: 0, opened: 0, clicked: 0, converted: 0, bounced: 0, unsubscribed: 0, complained: 0, skipped_by_reason: {}, revenue: {}, cost: 0, rates: {} };

test("a report says figures with how sure they are, and which lines have no name", () => {
  const line = { ...NOTHING, requested: 12, sent: 10, clicked: 3, revenue: { EUR: 40 }, cost: 0.001, rates: { clicked: { of: 10, rate: 0.3, low: 0.108, high: 0.603 } } };
  const totals = { ...line, skipped_by_reason: { no_consent: 2 } };
  const text = words(report({ kind: "journeys", from: "2026-01-01", to: "2026-01-30", currency: "EUR", totals, next: null, rows: [{ ...line, journey: "welcome" }, { ...NOTHING, journey: "" }] }));
  assert.match(text, /Journeys, 1 Jan 2026 to 30 Jan 2026/);
  assert.match(text, /Welcome 30 % 11 % to 60 %, of 10/);
  assert.match(text, /Revenue, EUR 40\.00/);
  assert.match(text, /No journey/);
  const none = words(report({ kind: "days", from: "2026-01-01", to: "2026-01-30", currency: "EUR", rows: [], totals: NOTHING, next: null }));
  assert.match(none, /Nothing was asked for .* Choose other days/);
});

test("a channel's own report has its days, templates and mailbox providers", () => {
  const line = { ...NOTHING, requested: 5, sent: 4 };
  const answer = { channel: "email", from: "2026-01-01", to: "2026-01-03", currency: "EUR", totals: line, days: [{ ...line, day: "2026-01-02" }], templates: [{ ...line, template: "offer" }], mailboxes: [] };
  const text = words(own(answer));
  assert.match(text, /Templates Template .*Offer\s?5\s?4/);
  assert.doesNotMatch(text, /Mailbox providers/);
  const listed = report({ kind: "channels", from: "2026-01-01", to: "2026-01-30", currency: "EUR", totals: line, next: null, rows: [{ ...line, channel: "email" }, { ...line, channel: "" }] });
  assert.deepEqual(all(listed, "a").map((one) => one.attrs.href), ["#/reports/channel/email"]);
});

test("a split says whether a difference may be chance", () => {
  const arm = (name, lift, more) => ({ name, percent: 50, holdout: false, came: 100, reached: 10, rate: 0.1, low: 0.05, high: 0.17, lift, ...more });
  const lift = { gap: 0.05, low: 0.01, high: 0.09, relative: 0.5, p: 0.01, significant: true };
  const of = (changed) => words(told({ noted: {}, splits: [{ node: "by_chance", control: ["a"], arms: [arm("a", null, { holdout: true }), arm("b", { ...lift, ...changed })] }] }));
  assert.match(of({}), /More than chance B: 5\.0 points more reached the goal \(1\.0 points to 9\.0 points\), of 100 people\. .* in 1\.0 % of such tests/);
  assert.match(of({ gap: -0.05, significant: false }), /May be chance B: 5\.0 points fewer/);
  assert.match(words(told({ noted: {}, splits: [] })), /has no split/);
});

test("a preview shows what a person would get, or why nothing", () => {
  const shown = previewed({ renders: true, language: "en", subject: "Hello Ann", text: "Hello Ann,", html: "<p>Hello" });
  assert.match(words(shown), /Subject Hello Ann Language en Hello Ann,/);
  assert.equal(all(shown, "iframe")[0].attrs.sandbox, "allow-scripts");
  assert.match(words(previewed({ renders: false, reason: "missing_attribute", detail: "first_name" })), /Nothing would be sent Missing attribute: first_name/);
});

test("every day of a period has a column, those too on which nothing was sent", () => {
  const points = everyDay([{ day: "2026-02-28", sent: 3 }], "2026-02-27", "2026-03-01");
  assert.deepEqual(points, [{ label: "27 Feb", value: 0 }, { label: "28 Feb", value: 3 }, { label: "1 Mar", value: 0 }]);
});

test("a lifecycle is told in the order of its stages", () => {
  const found = [{ stage: "customer", came: 3, left: 0, there: 3, ways: [] }, { stage: "prospect", came: 5, left: 3, there: 2, ways: [{ to: "customer", people: 3, rate: 0.6, low: 0.2, high: 0.9, days: 1.5 }] }];
  const text = words(lifecycle("journey", ["prospect", "customer"], found));
  assert.match(text, /Who is there now Prospect 2 Customer 3 Who went on Prospect to Customer 60 % 20 % to 90 %, of 5/);
  assert.match(text, /Customer: 3 after 1\.5 days/);
  assert.match(words(lifecycle("journey", ["prospect"], [])), /Nobody has come/);
});

test("a journey counts people of all its versions at their nodes, and says when it is paused", () => {
  const sofar = { entered: 4, active: 3, asked: 1, reached: 1, reached_rate: 0.25, left: { goal: 1 } };
  const versions = [{ version: 1, nodes: { wait: 2 }, stuck: [] }, { version: 2, nodes: { wait: 1 }, stuck: [] }];
  const journey = { name: "second", version: 2, diagram: { dot: DOT }, document: { title: "Second" } };
  const text = words(live(journey, { status: "live", held: false, so_far: sofar, versions }));
  assert.match(text, /^Live Version 2\./);
  assert.match(text, /wait: wait 1 h \(3 people here\)/);
  assert.match(text, /Reached the goal 1/);
  assert.match(words(live(journey, { status: "live", held: true, so_far: sofar, versions })), /^Paused/);
  const stuck = [{ ...versions[0], stuck: [{ cohort: "x" }] }];
  assert.match(words(live(journey, { status: "stopped", held: false, so_far: sofar, versions: stuck })), /^Stopped .* 1 group of people is stuck\. Look at the alarms/);
});

test("a figure that is being counted is asked for again, and given up in the end", async () => {
  const waits = [];
  const answers = [{}, {}, { as_of: "2026-07-01T12:00:00Z" }];
  assert.deepEqual(await settled(async () => answers.shift(), async (ms) => waits.push(ms)), { as_of: "2026-07-01T12:00:00Z" });
  assert.equal(waits.length, 2);
  assert.equal(await settled(async () => ({}), async () => {}), null);
});

test("satisfaction says each month's score with its range, and no range of one answer", () => {
  const month = { month: "2026-03", answers: 40, promoters: 10, passives: 10, detractors: 20, nps: -25, low: -50.4, high: 0.2 };
  const one = { month: "2026-04", answers: 1, promoters: 1, passives: 0, detractors: 0, nps: 100, low: null, high: null };
  const text = words(satisfaction({ rows: [month, one], totals: { answers: 41, promoters: 11, passives: 10, detractors: 20, nps: -21.95 } }));
  assert.match(text, /−22/);
  assert.match(text, /−50 to 0/);
  assert.match(text, /\+100\s?–/);
});

test("contacts avoided are worth hours, and money as soon as somebody says what a contact costs", () => {
  const rows = [{ month: "2026-03", contacts: 30, self_served: 20, avoided: 12 }];
  const found = { rows, totals: { contacts: 30, self_served: 20, avoided: 12, avoided_share: 0.2857 }, asked: { within: 7 } };
  const text = words(service(found, { minutes: "30", cost: "6.5" }));
  assert.match(text, /29 % of all that would have been/);
  assert.match(text, /6\.0/);
  assert.match(text, /78\.00/);
  assert.doesNotMatch(words(service(found)), /Money saved/);
});

test("loyal customers stand beside new ones, with how sure the difference is", () => {
  const group = (customers, people, basket, hits) => ({ customers, people, orders: people, revenue: people * basket, basket, frequency: 1, churned: { hits, rate: hits / people, low: 0, high: 1 }, referred: { hits: 0, rate: 0, low: 0, high: 1 } });
  const rows = [group("loyal", 100, 60, 10), group("new", 100, 30, 40)];
  const text = words(loyalty({ rows, totals: { basket_times: 2, churn_p: 0.000001 }, asked: { at: "2026-01-02", period: 180, orders: 3 } }));
  assert.match(text, /2\.0 times a new one/);
  assert.match(text, /More than chance A difference this large comes by chance in less than 0\.1 %/);
  const nobody = words(loyalty({ rows: [group("loyal", 0, 0, 0), group("new", 0, 0, 0)], totals: { basket_times: null, churn_p: null }, asked: {} }));
  assert.match(nobody, /Nobody was a customer by then/);
});

test("the portfolio advises when many are live, by their titles", () => {
  const seat = (name, title) => ({ name, title, since: "2026-01-01T00:00:00Z" });
  const found = { settings: { most_current: 8, most_base: 4, least_current: 3, advise_above: 1 }, base: [seat("a", "Welcome")], current: [seat("b", "Sale")], current_missing: 2, queue: [] };
  assert.match(words(portfolio(found)), /2 current campaigns missing.*Nothing to worry about yet/);
  const advice = { sampled_people: 200, overlap: [{ a: "a", b: "b", sampled: 50, about: 5000 }], contacts_per_person: { mean: 2.5, most: 6 } };
  const text = words(portfolio({ ...found, advice }, { paused: true }, { service: { paused: true } }));
  assert.match(text, /Everything is paused\..*Many are live.*2\.5.*at most 6.*Welcome and Sale.*25 %/);
});

test("a campaign says who, when and how far its runs are", () => {
  const document = { name: "spring", segment: "buyers", template: "offer", channels: ["email"], schedule: { start: "2026-06-01T09:00", zone: "person" }, holdout: 10 };
  const run = { run_id: "r", at: "2026-06-01T07:00:00Z", version: 1, state: "halted", people: 100, entered: 5, parts_left: 1, ended_at: null };
  const text = words(campaign({ document, next: null, runs: [run], version: 1, scheduled_at: "2026-01-01T00:00:00Z" }));
  assert.match(text, /each person/);
  assert.match(text, /Held out\s?10 %/);
  assert.match(text, /Halted: too many bounces or complaints/);
});

test("the pressure policy is told in words, and only what it held back is counted to it", () => {
  const hours = { countries: { NL: { days: { mon: "09:00-20:00" }, closed_on_holidays: true } }, otherwise: { days: {}, closed_on_holidays: false } };
  const cap = { count: 5, within: "P7D", channel: "email", class: null, purpose: null, counts: "all", then: "hold" };
  const text = words(policy({ version: 2, policy: { caps: [cap], minimum_gap: "PT4H", arbitration: { window: "PT0S", loser: "wait" }, hours, send_time: null, pace: {}, brake: null, guard: { bounced: 0.05, complained: 0.001, inactive: 0.6 } } }));
  assert.match(text, /At most 5 messages by e-mail in any 7 days, service messages counted; one too many waits\./);
  assert.match(text, /4 hours/);
  assert.doesNotMatch(text, /Several at once/);
  assert.match(text, /NL\s?Monday 09:00-20:00\s?closed/);
  assert.match(text, /0\.1 % complained/);
  const held = words(heldBack({ frequency_cap: 3, no_consent: 9 }, "2026-01-01", "2026-01-30"));
  assert.match(held, /as many messages as the limit allows\.\s?3/);
  assert.doesNotMatch(held, /permission/);
});

test("decisions and permissions fall between events, each on one page", () => {
  const all = (...moments) => moments.map((at) => ({ at }));
  const events = { waiting: all("2026-03-04", "2026-03-02"), reach: "2026-03-02" };
  const permitted = { waiting: all("2026-03-05", "2026-03-03", "2026-03-01") };
  const [page, reach, rest] = pageOf([events, permitted]);
  assert.deepEqual(page, all("2026-03-05", "2026-03-04", "2026-03-03", "2026-03-02"));
  assert.equal(reach, "2026-03-02");
  assert.deepEqual(rest.map((one) => one.waiting), [[], all("2026-03-01")]);
  assert.deepEqual(pageOf([{ waiting: all("2026-02-27") }, rest[1]]).slice(0, 2), [all("2026-03-01", "2026-02-27"), ""]);
  assert.deepEqual(pageOf([{ waiting: [] }, permitted])[0], permitted.waiting);
  const held = { waiting: all("2026-03-05", "2026-02-01"), reach: "2026-03-03" }; // asked for long before it was sent
  const [newest, , [left, later]] = pageOf([held, events]);
  assert.deepEqual(newest, all("2026-03-05", "2026-03-04"));
  assert.deepEqual([left.waiting, later.waiting], [all("2026-02-01"), all("2026-03-02")]);
  const message = decided({ requested_at: "2026-03-01T00:00:00Z", template: "thank_you", status: "skipped", send_id: "snd_1", journey: "welcome", why: { summary: "Not sent: no permission." } });
  assert.match(words(message.tree), /Message Thank you Skipped Not sent: no permission\. Asked for by the journey Welcome\./);
  assert.match(words(permission({ at: "2026-03-01T00:00:00Z", kind: "revoked", purpose: "newsletter", channel: "email" }).tree), /Permission for newsletter by e-mail Revoked/);
});

const REPORT = {
  people: 20, events: 200, entered: 7, people_who_entered: 6, under_way: 1, refused: { guard: 2 }, exits: { completed: 6 }, responses: { "Email Opened": 3 },
  sent: [["offer", "email", 5]], skipped: [["offer", "no_consent", 2]], sent_by_day: [["2026-01-05", "email", 2], ["2026-01-07", "email", 3]], standing_by_day: [], asked_for: [],
  pressure: { waited: [], dropped: [["frequency_cap", "1 in P1D", "email", 4]], by_day: [], still_waiting: 0 },
  nodes_passed: 20, cost_usd: { walking: 0.5, mails: 1.25, unpriced_messages: 0 }, mermaid: "", dot: DOT,
  expected: [{ name: "sent by email", mean: 5.125, low: 4, high: 6 }],
};

test("a simulation says who enters, what is sent and stopped, and what to expect", () => {
  const shown = words(answered("second", { state: "done", report: REPORT }));
  for (const one of ["walks of 6 people", "Messages sent 5", "1.75", "Sent by email 5.125 4 6", "Dropped by contact pressure Frequency cap 1 in P1D email 4", "Refused Guard – 2"]) {
    assert.ok(shown.includes(one), `${one}: ${shown}`);
  }
  const dot = DOT.replace('"first\\""', '"first\\"\\n7 entered"').replace("orders ≥ 20", "orders ≥ 20\u20025").replace("[label=\"again\"]", "[label=\"\u20022\"]");
  const picture = words(answered("second", { state: "done", report: { ...REPORT, dot, cost_usd: { walking: 0.000123, mails: 0 } } }));
  for (const one of ['enters "first", 7', "orders ≥ 20: 5", "0.000123"]) assert.ok(picture.includes(one), `${one}: ${picture}`);
  assert.deepEqual(all(answered("second", { state: "done", report: REPORT }), "svg").map((one) => one.attrs.class)[0], "journey");
  const failed = answered("second", { state: "failed", code: "too_much", message: "people: ask for fewer" });
  assert.equal(all(failed, "div")[0].attrs.role, "alert");
  assert.ok(words(failed).includes("ask for fewer"));
});

test("a simulation is asked for with a whole period or none, and looked at until it ended", async () => {
  const numbers = { people: "20", days: "7", runs: "1", seed: "3" };
  assert.deepEqual(asked({ ...numbers, version: "", since: "2026-01-01", until: "" }), { people: 20, days: 7, runs: 1, seed: 3 });
  const period = asked({ ...numbers, version: "draft", since: "2026-01-01", until: "2026-01-31" });
  assert.deepEqual([period.version, period.history], ["draft", { since: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00.000Z" }]);
  const states = ["running", "done"];
  assert.equal((await ended({ state: "waiting" }, () => ({ state: states.shift() }), () => {})).state, "done");
  assert.equal(await ended({ state: "waiting" }, () => ({ state: "running" }), () => {}), null);
});
