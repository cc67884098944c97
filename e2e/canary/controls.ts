/** Values planted on purpose where none may be: a scan that doesn't find them proves nothing. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Ledger } from "#scripts/canary/ledger.ts";
import type { ProcessSampler, ProcessSamples } from "#scripts/canary/sample-processes.ts";
import type { Find } from "#scripts/canary/scan.ts";
import type { Stack } from "../stack.ts";
import { Plants } from "./plant.ts";
import { readFiles, readSamples, readTables, withDatabase } from "./read-everything.ts";

/** Where each is, by the kind of place under which the scan must tell of it. */
export const CONTROLS = { table: "tables", file: "logs", environment: "environments", wal: "write-ahead log" } as const;
type Control = keyof typeof CONTROLS;

const INSERT = "INSERT INTO audit_entry (actor, interface, request_id, action, object_kind, outcome, details) VALUES ('the canary test', 'test', $1, 'plant', 'test', 'planted', $2)";

/** The values have a mark of their own: the scan of everything else doesn't see them. */
export class Controls {
  readonly #plants = new Plants();
  readonly #values: Readonly<Record<Control, string>>;

  constructor() {
    const plant = (control: Control): string => this.#plants.plant(control, "secret");
    this.#values = { table: plant("table"), file: plant("file"), environment: plant("environment"), wal: plant("wal") };
  }

  /** Starts a program with a value in its environment, and ends it when it has been looked at. */
  async plantEnvironment(sampler: ProcessSampler): Promise<void> {
    const child = spawn("cat", [], { env: { NODE_ENV: "test", PLANTED: this.#values.environment }, stdio: ["pipe", "ignore", "ignore"] });
    const closed = once(child, "close");
    await once(child, "spawn");
    await sampler.look();
    child.stdin.end();
    await closed;
  }

  /** Plants the others, reads, removes them, and says what was found. */
  async find(stack: Stack, samples: ProcessSamples): Promise<Find[]> {
    const ledger = new Ledger(this.#plants.scanner());
    const file = path.join(stack.home, "log/controller.log.1");
    const request = randomBytes(8).toString("hex");
    try {
      writeFileSync(file, `{"body":"${Buffer.from(`user:${this.#values.file}`).toString("base64")}"}\n`);
      await withDatabase(stack.databaseUrl, async (client) => {
        // Taken back: nothing of it is in a table, and all of it in the log that was written ahead.
        await client.query("BEGIN");
        await client.query(INSERT, [request, JSON.stringify({ value: this.#values.wal })]);
        await client.query("ROLLBACK");
        await client.query(INSERT, [request, JSON.stringify({ value: this.#values.table })]);
      });
      await readTables(stack.databaseUrl, ledger);
      await readFiles(stack.home, ledger);
      readSamples(samples, ledger);
    } finally {
      rmSync(file, { force: true });
      await withDatabase(stack.databaseUrl, (client) => client.query("DELETE FROM audit_entry WHERE request_id = $1", [request]));
    }
    return Object.values(CONTROLS).flatMap((kind) => ledger.leaks(kind).map((find) => ({ ...find, place: kind })));
  }
}

/** What the scan should have found and didn't. */
export function missedControls(finds: readonly Find[]): Control[] {
  return (Object.keys(CONTROLS) as Control[] /* the keys of the constant above */).filter((control) => !finds.some(({ canary, place }) => canary === control && place === CONTROLS[control]));
}
