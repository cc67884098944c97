import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ScrubPatterns } from "#lib/domain/scrub.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import type { HostScripts } from "../host-scripts/host-scripts.ts";
import type { NewLine } from "../logs/line-gatherer.ts";
import { ReadPipe } from "../metadata/read-pipe.ts";
import { createInstallBench, tarOf } from "../testing/install-bench.ts";
import { GuestEar } from "./guest-ear.ts";
import { HostPipe } from "./host-pipe.ts";

/** Answers each line that the guest says with one of its own, and goes after the last. */
const SCRIPT = `
  const pipe = require("node:net").connect(process.argv[1]);
  require("node:readline").createInterface({ input: pipe }).on("line", (line) => {
    pipe.write("answer to " + line + "\\n");
    if (line === "last") pipe.end();
  });
`;

describe("a script on the host, beside an install's appliance", () => {
  test("hears what the guest says and answers it, each waiting for the other", async () => {
    let script: ChildProcess | null = null;
    const heard: string[] = [];
    const hostScripts: HostScripts = {
      available: true,
      run: async ({ pipePath }) => {
        script = spawn(process.execPath, ["-e", SCRIPT, pipePath ?? ""], { stdio: "ignore" });
        // The first of what `exit` says is the exit status.
        const [exitStatus] = (await once(script, "exit")) as [number];
        return { exitStatus };
      },
    };
    const bench = await createInstallBench({ hostScripts });
    bench.hypervisor.appliance = async (machine) => {
      const answer = async (): Promise<string> => {
        for (;;) {
          const { body } = await machine.get("/ganeti/latest/read");
          if (body !== "" || machine.ended.aborted) return body;
        }
      };
      // Whoever connects hears what is said from then on.
      while (heard.length === 0) {
        await machine.post("first\n");
        const { body } = await machine.get("/ganeti/latest/read");
        if (body !== "") heard.push(body);
      }
      await machine.post("last\n");
      while (!heard.join("").includes("answer to last")) heard.push(await answer());
      await machine.writeDisk();
      await machine.report(0);
    };
    const order = bench.order({ os: { places: ["appliance", "host"], hostDigest: await bench.put(tarOf("./create", "#!/bin/sh\n")) } });
    expect(await bench.run(order)).toMatchObject({ state: "done" });
    expect(heard[0]).toContain("answer to first\n");
    const messages = bench.entries(order.id).filter(({ kind }) => kind === "message");
    expect(messages.at(-1)).toMatchObject({ author: "host script", text: "answer to last" });
    expect(script).not.toBeNull();
    await bench.remove();
  });
});

describe("a script on the host that doesn't read", () => {
  test("doesn't keep a failed appliance from ending it", async () => {
    const connected = Promise.withResolvers<undefined>();
    const hostScripts: HostScripts = {
      available: true,
      run: async ({ pipePath, signal }) => {
        const socket = connect(pipePath ?? "").on("error", () => undefined).pause();
        await once(socket, "connect");
        connected.resolve(undefined);
        await once(signal, "abort");
        socket.destroy();
        // An install is ended with an error.
        throw signal.reason as Error;
      },
    };
    const bench = await createInstallBench({ hostScripts });
    bench.hypervisor.appliance = async (machine) => {
      await connected.promise;
      await machine.post(`${"x".repeat(4_000)}\n`.repeat(200));
      await machine.report(1);
    };
    const order = bench.order({ os: { places: ["appliance", "host"], hostDigest: await bench.put(tarOf("./create", "#!/bin/sh\n")) } });
    expect(await bench.run(order)).toMatchObject({ state: "failed", error: { code: "script_failed" } });
    await bench.remove();
  });
});

describe("the host's end of the pipe", () => {
  let folder: string;
  let path: string;
  let read: ReadPipe;
  let pipe: HostPipe;
  let log: NewLine[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "pipe-"));
    path = join(folder, "pipe.sock");
    read = new ReadPipe();
    log = [];
    const patterns = new ScrubPatterns([secretValue("correct horse")]);
    pipe = await HostPipe.listen(path, new GuestEar({ read, patterns: () => patterns, step: () => "unpack", onLine: (line) => log.push(line) }), pino({ level: "silent" }));
  });
  afterEach(async () => {
    await pipe.close();
    await rm(folder, { recursive: true });
  });

  async function connected(): Promise<{ readonly socket: Socket; readonly heard: () => string }> {
    const socket = connect(path);
    let text = "";
    socket.on("data", (bytes: Buffer) => (text += bytes.toString())).on("error", () => undefined);
    // The answer to its first line: it is the one that is heard.
    socket.write("hello\n");
    await expect.poll(() => read.take().toString()).toBe("hello\n");
    return { socket, heard: () => text };
  }

  test("is its agent's alone", async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test("gives lines and progress as they are in the log, and nothing from before", async () => {
    pipe.pass({ kind: "log", text: "before" });
    const { socket, heard } = await connected();
    pipe.pass({ kind: "log", text: "ready" });
    pipe.pass({ kind: "progress", step: "unpack", percent: 50, message: null });
    await expect.poll(heard).toBe('ready\n{"step":"unpack","percent":50,"message":null}\n');
    socket.destroy();
  });

  test("tells the guest what the script says, and shows of it what may be shown", async () => {
    const { socket } = await connected();
    socket.end("take correct horse\nunfinished");
    await expect.poll(() => log.length).toBe(3);
    expect(read.take().toString()).toBe("take correct horse\nunfinished\n");
    expect(log[1]).toEqual({ kind: "message", author: "host script", text: "take <redacted>", step: "unpack", percent: null });
  });

  test("has one connection at a time, and another afterwards", async () => {
    const first = await connected();
    const second = connect(path);
    await new Promise((resolve) => second.on("error", () => undefined).once("close", resolve).resume());
    first.socket.end();
    await new Promise((resolve) => first.socket.once("close", resolve));
    (await connected()).socket.destroy();
  });

  test("keeps no more than some for a script that doesn't read, and says what was left out", async () => {
    const { socket, heard } = await connected();
    socket.pause();
    for (let n = 0; n < 2_000; n += 1) pipe.pass({ kind: "log", text: "x".repeat(4_000) });
    socket.resume();
    await expect.poll(heard).toMatch(/\u0001\d+ lines of the guest were left out/);
    expect(heard().length).toBeLessThan(2_000 * 4_000);
    pipe.pass({ kind: "log", text: "goes on" });
    await expect.poll(heard).toMatch(/goes on\n$/);
    socket.destroy();
  });

  test("says so where the guest doesn't read either", async () => {
    const { socket, heard } = await connected();
    socket.write(`${"y".repeat(4_000)}\n`.repeat(40));
    await expect.poll(heard).toContain("\u0001the guest hasn't read what it was told before");
    socket.write(`${"z".repeat(10_000)}\n`);
    await expect.poll(heard).toContain("\u0001a line is longer");
    socket.destroy();
  });
});
