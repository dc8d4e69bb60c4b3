// The Node SDKs as a shop's server uses them: `node sdks.cjs segment|rudder <url> <key>` prints the errors they report.
"use strict";

const [client, url, key] = process.argv.slice(2);
const errors = [];
const timestamp = new Date("2026-01-02T03:04:05.678Z");

function calls(sdk) {
  sdk.identify({ userId: "user-1", traits: { email: "ana@example.com", naïve: "Zoë ✓" }, timestamp });
  sdk.track({ userId: "user-1", event: "Order Completed", properties: { revenue: 12.5 }, timestamp });
  sdk.track({ anonymousId: "anon-9", event: "Product Viewed", properties: { sku: "a" } });
  sdk.page({ userId: "user-1", name: "Home", properties: { url: "https://shop.example.com/" } });
  sdk.screen({ userId: "user-1", name: "Main" });
  sdk.group({ userId: "user-1", groupId: "acct-7", traits: { name: "Initech" } });
  sdk.alias({ userId: "user-1", previousId: "anon-9" });
}

async function segment() {
  const { Analytics } = require("@segment/analytics-node");
  const sdk = new Analytics({ writeKey: key, host: url, maxRetries: 3 });
  sdk.on("error", (error) => errors.push(String(error.reason || error.code || error)));
  calls(sdk);
  await sdk.closeAndFlush({ timeout: 20000 });
}

async function rudder() {
  const Analytics = require("@rudderstack/rudder-sdk-node");
  const sdk = new Analytics(key, { dataPlaneUrl: url, gzip: true, retryCount: 3, errorHandler: (e) => errors.push(String(e)) });
  calls(sdk);
  await sdk.flush().catch((error) => errors.push(String(error)));
}

({ segment, rudder })[client]().then(() => {
  process.stdout.write(JSON.stringify(errors), () => process.exit(0));
});
