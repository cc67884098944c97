/** `npm run build`: everything that the checkout needs to run. As root, as the one to whom the checkout belongs. */
import { statSync } from "node:fs";
import path from "node:path";
import { build } from "./build.ts";

const checkout = path.resolve(import.meta.dirname, "../..");
const { uid, gid } = statSync(checkout);
if (process.getuid?.() === 0 && uid !== 0) {
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
await build(checkout, (message) => {
  process.stderr.write(`slipway: ${message}\n`);
});
