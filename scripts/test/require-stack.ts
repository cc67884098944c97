import type { TestProject } from "vitest/node";
import type {} from "#lib/db/testing.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The `up.json` of the stack that runs for the tests. */
    upFile: string;
    /** Folders of the built appliance, of the sample definition's image and of the definition made of a package, for tests. */
    artifacts: { readonly appliance: string; readonly image: string; readonly debootstrap: string };
  }
}

/** Tests of the whole system run against a stack that stands already: `npm test -- system [FILTER…]` makes one. */
export default function setUp(project: TestProject): void {
  const upFile = process.env["SLIPWAY_TEST_STACK"];
  if (upFile === undefined || upFile === "") {
    throw new Error("SLIPWAY_TEST_STACK has to name the up.json of a running stack; `npm test -- system` makes one for the tests");
  }
  project.provide("upFile", upFile);
  // scripts/up/prepare.ts hands them from the command's first half to its second.
  const folder = (name: string): string => process.env[name] ?? "";
  project.provide("artifacts", { appliance: folder("SLIPWAY_APPLIANCE"), image: folder("SLIPWAY_SAMPLE_IMAGE"), debootstrap: folder("SLIPWAY_DEBOOTSTRAP") });
}
