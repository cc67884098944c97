/** `npm run docs`: makes the generated parts of docs/api.md anew. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { renderReference } from "./api-reference.ts";

const file = path.resolve(import.meta.dirname, "../../docs/api.md");
writeFileSync(file, renderReference(readFileSync(file, "utf8")));
process.stderr.write("slipway: docs/api.md is as the registers have it\n");
