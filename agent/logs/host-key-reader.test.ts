import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostKey } from "#lib/agent-protocol/messages.ts";
import { HostKeyReader } from "./host-key-reader.ts";

let told: HostKey[][];
let reader: HostKeyReader;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  reader = new HostKeyReader((keys) => told.push(keys));
  reader.open();
});
afterEach(() => {
  vi.useRealTimers();
});

function key(seed: number): string {
  const type = "ssh-ed25519";
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return Buffer.concat([field(Buffer.from(type)), field(Buffer.alloc(32, seed))]).toString("base64");
}
function block(...keys: readonly string[]): string {
  return ["", "-----BEGIN SSH HOST KEY KEYS-----", ...keys, "-----END SSH HOST KEY KEYS-----", ""].join("\r\n");
}
function say(text: string): void {
  reader.take(Buffer.from(text));
}

test("keys between the marks are told, in pieces or not, without their comments", () => {
  const text = `[  12.3] booting\r\n${block(`ssh-ed25519 ${key(1)} root@web1`, `ssh-ed25519 ${key(2)}`)}web1 login: `;
  for (const character of text) say(character);
  expect(told).toEqual([[{ type: "ssh-ed25519", key: key(1) }, { type: "ssh-ed25519", key: key(2) }]]);
});

test("the same set is told once, in whatever order, and another one again", () => {
  const [one, two] = [`ssh-ed25519 ${key(1)}`, `ssh-ed25519 ${key(2)}`];
  say(block(one, two));
  vi.advanceTimersByTime(60_000);
  say(block(two, one));
  vi.advanceTimersByTime(60_000);
  expect(told).toHaveLength(1);
  say(block(two));
  expect(told).toHaveLength(2);
  reader.forget();
  vi.advanceTimersByTime(60_000);
  say(block(two));
  expect(told).toHaveLength(3);
});

test("what isn't a key is none, a key twice is one, and there are eight at most", () => {
  const keys = Array.from({ length: 12 }, (_, n) => `ssh-ed25519 ${key(n)}`);
  say(block("ssh-ed25519 AAAA", "<redacted>", "no-pty ssh-ed25519 AAAA", `ssh-rsa ${key(1)}`, "x".repeat(10_000), keys[0] ?? "", ...keys));
  expect(told[0]?.map((one) => one.key)).toEqual(Array.from({ length: 8 }, (_, n) => key(n)));
});

test("a block without an end, without a key, or with a hole in it, is nothing", () => {
  say(`-----BEGIN SSH HOST KEY KEYS-----\r\nssh-ed25519 ${key(1)}\r\n`);
  reader.cut();
  say(`ssh-ed25519 ${key(2)}\r\n-----END SSH HOST KEY KEYS-----\r\n`);
  say(block());
  expect(told).toEqual([]);
});

test("a console that shows other keys again and again is heard now and then, and its last are told", () => {
  for (let n = 0; n < 100; n += 1) say(block(`ssh-ed25519 ${key(n)}`));
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(6_000);
  expect(told.map(([first]) => first?.key)).toEqual([key(0), key(99)]);
});

test("an appliance on the same console shows nobody's keys", () => {
  reader.close();
  say(block(`ssh-ed25519 ${key(1)}`));
  expect(told).toEqual([]);
});
