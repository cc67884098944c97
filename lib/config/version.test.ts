import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { CONTROLLER_VERSION } from "./version.ts";

it("is the one that package.json has", () => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../package.json"), "utf8")));
  expect(CONTROLLER_VERSION).toBe(version);
});
