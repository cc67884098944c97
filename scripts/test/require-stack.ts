import type { TestProject } from "vitest/node";
import type {} from "#lib/db/testing.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The `up.json` of the stack that runs for the tests. */
    upFile: string;
  }
}

/** Tests of the whole system run against a stack that stands already: `npm test -- system [FILTER…]` makes one. */
export default function setUp(project: TestProject): void {
  const upFile = process.env["SLIPWAY_TEST_STACK"];
  if (upFile === undefined || upFile === "") {
    throw new Error("SLIPWAY_TEST_STACK has to name the up.json of a running stack; `npm test -- system` makes one for the tests");
  }
  project.provide("upFile", upFile);
}
