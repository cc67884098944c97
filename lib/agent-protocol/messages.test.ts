import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { agentEventSchema } from "./messages.ts";

const at = "2026-11-20T06:00:00.000Z";
const status = {
  id: randomUUID(),
  instanceId: randomUUID(),
  state: "installing",
  percent: 1,
  step: "half \ud83d",
  steps: [{ id: "nul \0", label: "half \udc00", source: "guest", startedAt: null, endedAt: null }],
  error: { code: "script_failed", message: "nul \0", step: "half \ud83d" },
  committed: false,
  firstBootAt: null,
  lastContactAt: null,
};

describe("what an agent says", () => {
  test("can be stored, whatever a guest has got into it", () => {
    const entry = { n: 1, at, kind: "log", text: "half \ud83d, nul \0", step: "half \ud83d", percent: null };
    const event = agentEventSchema.parse({ seq: 1, at, type: "install.entries", installId: status.id, entries: [entry], status });
    const text = JSON.stringify(event);
    // Half a character and NUL are the two that JSON writes so.
    expect(text).not.toMatch(/\\ud[89a-f]|\\u0000/);
    expect(event).toMatchObject({ entries: [{ text: "half \ufffd, nul \u2400", step: "half \ufffd" }], status: { step: "half \ufffd", error: { message: "nul \u2400" } } });
  });
});
