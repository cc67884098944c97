import { once } from "node:events";
import { createConnection } from "node:net";
import { readFile, writeFile } from "node:fs/promises";
import { afterEach, describe, expect, test } from "vitest";
import { SlipwayError } from "#lib/domain/errors.ts";
import { secretValue } from "#lib/domain/visibility.ts";
import type { HostScriptRun, HostScripts } from "../host-scripts/host-scripts.ts";
import { createInstallBench, type InstallBench, tarOf } from "../testing/install-bench.ts";
import type { ScriptOrder } from "../testing/orders.ts";
import { byScript, type GuestScript, installsWell } from "../testing/scripted-hypervisor.ts";
import { contentOf, disksOf, statesOf, stepBegan } from "./testing.ts";

type HostScript = (run: HostScriptRun, say: (line: string) => void) => Promise<number>;

/** Host scripts that are functions. */
class ScriptedHost implements HostScripts {
  readonly available = true;
  readonly runs: HostScriptRun[] = [];
  script: HostScript = writesDisk;

  async run(run: HostScriptRun): Promise<{ exitStatus: number }> {
    this.runs.push(run);
    return { exitStatus: await this.script(run, (line) => run.onLine(Buffer.from(line), 0)) };
  }
}
const writesDisk: HostScript = async ({ diskPaths }, say) => {
  for (const path of diskPaths) await writeFile(path, "installed on the host", { flag: "r+" });
  say("installed");
  return 0;
};
/** Until the install ends it, as the helper would. */
const hangs: HostScript = ({ signal }) =>
  new Promise((_resolve, reject) => {
    const onAbort = (): void => {
      // Whoever aborts an install gives the error that ends it.
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });

let bench: InstallBench;
let host: ScriptedHost;
afterEach(() => bench.remove());

async function order(places: ScriptOrder["os"]["places"], change: Parameters<InstallBench["order"]>[0] = {}): Promise<ScriptOrder> {
  const hostDigest = await bench.put(Buffer.concat(["create", "import", "export", "rename"].map((name, index) => tarOf(`./${name}`, "#!/bin/sh\n").subarray(0, index < 3 ? -1_024 : undefined))));
  return bench.order({ ...change, os: { places, hostDigest, ...change.os } });
}
async function open(): Promise<void> {
  host = new ScriptedHost();
  bench = await createInstallBench({ hostScripts: host });
}

describe("a script on the host", () => {
  test("installs by itself, on the new disk, without an appliance or a pipe", async () => {
    await open();
    const made = await order(["host"], { parameters: new Map([["root_password", { visibility: "secret", value: secretValue("correct horse") }]]) });
    host.script = async (run, say) => {
      say("the password is correct horse");
      say('{"step":"unpack","percent":50}');
      return writesDisk(run, say);
    };
    expect(await bench.run(made)).toMatchObject({ state: "done" });
    expect(statesOf(bench, made.id)).toEqual(["accepted", "queued", "preparing", "installing", "verifying", "starting", "done"]);
    expect(bench.hypervisor.started.map(({ kind }) => kind)).toEqual(["instance"]);
    expect(await contentOf(bench, made.instance)).toBe("installed on the host");
    const [run] = host.runs;
    expect(run?.pipePath).toBeNull();
    expect(run?.diskPaths.map((path) => path.split("/").at(-1))).toEqual(["disk-0.new"]);
    expect(run?.environment.get("INSTANCE_NAME")).toBe(made.instance.name);
    expect(bench.entries(made.id).filter(({ author }) => author === "host script").map(({ text, step }) => [text, step])).toContainEqual(["the password is <redacted>", "host"]);
    expect(JSON.stringify(bench.events())).not.toContain("correct horse");
  });

  test("that fails says what it said last, and leaves the instance as it was", async () => {
    await open();
    const first = await order(["host"]);
    await bench.run(first);
    host.script = (_run, say) => {
      say("no more bricks");
      return Promise.resolve(9);
    };
    const status = await bench.run(await order(["host"], { operation: "reinstall", instance: first.instance, start: null }));
    expect(status).toMatchObject({ state: "failed", error: { code: "script_failed", message: "The script on the host ended with exit status 9. It said last: no more bricks" } });
    expect(await contentOf(bench, first.instance)).toBe("installed on the host");
    expect(await disksOf(bench, first.instance)).toEqual(["disk-0"]);
    expect(bench.hypervisor.running).toEqual(["instance"]);
  });

  test("is ended with its install, and nothing is put back before it is gone", async () => {
    await open();
    const ended: string[] = [];
    host.script = async (run, say) => {
      try {
        return await hangs(run, say);
      } finally {
        // As the helper: it takes a while to end everything.
        await new Promise((resolve) => setImmediate(resolve));
        ended.push((await disksOf(bench, made.instance)).join());
      }
    };
    const made = await order(["host"]);
    await bench.agent().install(made);
    await stepBegan(bench, made.id, "host");
    await expect.poll(() => host.runs.length).toBe(1);
    await bench.agent().cancelInstall(made.id);
    expect(await bench.untilEnd(made.id)).toMatchObject({ state: "cancelled" });
    expect(ended).toEqual(["disk-0.new"]);
  });

  test("is refused where the node runs none, and where the definition has none", async () => {
    bench = await createInstallBench();
    await expect(bench.agent().install(await order(["host"]))).rejects.toMatchObject({ code: "unsupported", field: "os.places" });
    await bench.remove();
    await open();
    const hostDigest = await bench.put(tarOf("./rename", "#!/bin/sh\n"));
    expect(await bench.run(await order(["host"], { os: { hostDigest } }))).toMatchObject({ state: "failed", error: { code: "unsupported" } });
    expect(host.runs).toEqual([]);
  });
});

describe("a script on the host beside the appliance", () => {
  const waitsToRead = (wanted: string): GuestScript => async (machine) => {
    let said = "";
    while (!said.includes(wanted) && !machine.ended.aborted) said += (await machine.get("/ganeti/latest/read")).body;
    await machine.post(`heard ${said.trim()}\n`);
    await installsWell(machine);
  };

  test("runs at the same time and talks with the guest over the pipe", async () => {
    await open();
    bench.hypervisor.appliance = byScript({ create: waitsToRead("go on") });
    host.script = async ({ pipePath }) => {
      const pipe = createConnection(pipePath ?? "");
      await once(pipe, "connect");
      pipe.write("go on\n");
      let heard = "";
      for await (const chunk of pipe) {
        heard += String(chunk);
        if (heard.includes("heard go on")) break;
      }
      return 0;
    };
    const made = await order(["appliance", "host"]);
    expect(await bench.run(made)).toMatchObject({ state: "done" });
    expect(host.runs[0]?.environment.get("SLIPWAY_PIPE")).toBeDefined();
  });

  const failures: readonly (readonly [string, HostScript, GuestScript, string])[] = [
    ["the one on the host ends the guest", () => Promise.resolve(3), ({ ended }) => once(ended, "abort").then(() => undefined), "The script on the host ended with exit status 3."],
    ["the guest ends the one on the host", hangs, (machine) => machine.report(4), "The script ended with exit status 4."],
    ["a script that can't be started ends the guest", () => Promise.reject(new SlipwayError("conflict", "Too many scripts run.")), ({ ended }) => once(ended, "abort").then(() => undefined), "Too many scripts run."],
  ];
  for (const [what, onHost, inGuest, message] of failures) {
    test(`fails where one of them does: ${what}`, async () => {
      await open();
      bench.hypervisor.appliance = byScript({ create: inGuest });
      host.script = onHost;
      const made = await order(["appliance", "host"]);
      expect((await bench.run(made)).error?.message).toBe(message);
      expect(bench.hypervisor.running).toEqual([]);
    });
  }

  test("isn't started where the appliance can't be", async () => {
    await open();
    const made = await order(["appliance", "host"], { appliance: { rootDigest: "f".repeat(64) } });
    expect(await bench.run(made)).toMatchObject({ state: "failed" });
    expect(host.runs).toEqual([]);
  });
});

describe("import and export by a script on the host", () => {
  test("are run once for each disk, with its stream", async () => {
    await open();
    const disks = [0, 1].map((index) => ({ id: crypto.randomUUID(), index, sizeMib: 4, name: null }));
    const first = await order(["host"], { instance: { ...bench.order().instance, disks } });
    await bench.run(first);
    const plain = (value: ReturnType<HostScriptRun["environment"]["get"]>): string => (typeof value === "string" ? value : "");
    host.script = async ({ onOutput, environment }) => {
      await onOutput?.(Buffer.from(`dump of ${plain(environment.get("EXPORT_INDEX"))}`));
      return 0;
    };
    const exportId = crypto.randomUUID();
    const exported = await bench.run(await order(["host"], { operation: "export", instance: first.instance, exportId, start: null, os: { script: "export" } }));
    expect(exported).toMatchObject({ state: "done", committed: false });
    expect(exported.facts.files.map(({ index, name, bytes }) => [index, name, bytes])).toEqual([
      [0, "disk-0.dump", 9],
      [1, "disk-1.dump", 9],
    ]);
    const imported: string[] = [];
    host.script = async ({ stdin, diskPaths, environment }) => {
      let text = "";
      for await (const chunk of stdin ?? []) text += String(chunk);
      imported.push(text);
      await writeFile(diskPaths[Number(plain(environment.get("IMPORT_INDEX")))] ?? "", text, { flag: "r+" });
      return 0;
    };
    const made = await order(["host"], { operation: "import", instance: { ...first.instance, id: crypto.randomUUID() }, exportId, importFiles: exported.facts.files, os: { script: "import" } });
    expect(await bench.run(made)).toMatchObject({ state: "done" });
    expect(imported).toEqual(["dump of 0", "dump of 1"]);
    expect(await contentOf(bench, made.instance, 1)).toBe("dump of 1");
    expect(await readFile(`${bench.dataDir}/exports/${exportId}/disk-0.dump`, "utf8")).toBe("dump of 0");
  });
});
