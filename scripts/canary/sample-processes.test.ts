import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { startSampler } from "./sample-processes.ts";

it("reads what a process was started with, though it has long ended when the samples are looked at", async () => {
  const sampler = await startSampler("/nowhere");
  const child = spawn("cat", ["-", "an-argument"], { env: { NODE_ENV: "test", MARK: "in-the-environment" }, stdio: ["pipe", "ignore", "ignore"] });
  const closed = once(child, "close");
  await once(child, "spawn");
  await sampler.look();
  child.stdin.end();
  await closed;
  const { texts, reads, rounds, processes } = await sampler.stop();
  const of = (part: string): string[] => texts.filter((text) => text.part === part && text.program === "cat").map(({ content }) => Buffer.from(content).toString());
  expect(of("command line").some((text) => text.includes("an-argument"))).toBe(true);
  expect(of("environment").some((text) => text.includes("MARK=in-the-environment"))).toBe(true);
  expect(reads).toBeGreaterThanOrEqual(processes > 0 ? 1 : 0);
  expect(rounds).toBeGreaterThan(1);
});
