// Graphviz DOT on stdin, SVG on stdout.
import { instance } from "@viz-js/viz";

let dot = "";
for await (const chunk of process.stdin) dot += chunk;
const viz = await instance();
process.stdout.write(viz.renderString(dot, { format: "svg" }));
