import { expect, it } from "vitest";
import { Ledger } from "./ledger.ts";
import { createScanner } from "./scan.ts";

const scanner = createScanner([
  { name: "shown", visibility: "public", value: "a public value" },
  { name: "kept", visibility: "secret", value: "a secret value" },
]);

it("keeps account of what was read, and tells a leak from a public value that was seen", () => {
  const ledger = new Ledger(scanner);
  ledger.read("pages", "page one", "with a public value");
  ledger.read("pages", "page one", "the same page again");
  ledger.read("pages", "page two", "nothing");
  ledger.read("logs", "a log", "with a secret value, and with a secret value");
  expect(ledger.rows()).toEqual([
    { kind: "pages", places: 2, bytes: 45, publicSeen: 1, finds: 0 },
    { kind: "logs", places: 1, bytes: 44, publicSeen: 0, finds: 1 },
  ]);
  expect(ledger.leaks()).toEqual([{ canary: "kept", visibility: "secret", form: "plain", place: "a log" }]);
  expect(ledger.leaks("pages")).toEqual([]);
  expect(ledger.seen("pages").map(({ canary }) => canary)).toEqual(["shown"]);
});

it("passes over a file that is gone, and says so", async () => {
  const ledger = new Ledger(scanner);
  expect(await ledger.readFile("files", "nowhere", "/nonexistent/file")).toBe(false);
  expect(ledger.rows()).toEqual([]);
});
