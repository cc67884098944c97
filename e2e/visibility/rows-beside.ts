import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "vitest";
import { z } from "zod";
import { filesBelow } from "../canary/read-everything.ts";
import type { Ended } from "../canary/one-install.ts";
import { isSeen, leaksOf, linesOf } from "./look.ts";
import type { Cell, Row, Seen } from "./row.ts";

/** How the speaker's script begins the lines in which it says a value. */
const FORMS = ["plain", "split", "base64", "shifted", "hex", "url", "json"] as const;
const receiptSchema = z.object({ envelope: z.object({ payload: z.string() }) });
const manifestSchema = z.object({ manifest: z.object({ parameters: z.array(z.looseObject({ name: z.string() })) }) });
const statementSchema = z.object({ predicate: z.object({ parameters: z.array(z.looseObject({ name: z.string() })) }) });

/** What is left behind: logs, processes, files, and what goes out of the house. */
export const BESIDE_ROWS: readonly Row[] = [
  {
    where: "logs, audit, errors",
    public: { says: "value at most", looks: "that they were read", holds: (seen) => expect(leaksOf(seen, "public", "logs")).toEqual([]) },
    private: never("private", "logs", "tables"),
    secret: never("secret", "logs", "tables"),
  },
  {
    where: "command lines and environments on hosts",
    public: { says: "value at most", looks: "in session mode no script of a definition runs on the host", holds: (seen) => expect(leaksOf(seen, "public", "command lines", "environments")).toEqual([]) },
    private: ownScriptAlone("private"),
    secret: ownScriptAlone("secret"),
  },
  {
    where: "files on a node, the inside of disks apart",
    public: {
      says: "value",
      holds: (seen) => {
        expect(isSeen(seen, "word at reinstall", "the agent's files")).toBe(true);
      },
    },
    private: {
      says: "never",
      looks: "a VPN's key, the one exception, isn't there yet either",
      holds: async (seen) => {
        expect(leaksOf(seen, "private", "the agent's files", "other files", "contents by digest")).toEqual([]);
        const files: string[] = [];
        for await (const file of filesBelow(path.join(seen.world.stack.home, "agent"))) files.push(file);
        expect(files.filter((file) => /wireguard|vpn|\bwg/i.test(file))).toEqual([]);
      },
    },
    secret: never("secret", "the agent's files", "other files", "contents by digest"),
  },
  {
    where: "install log, progress, serial log",
    public: {
      says: "value",
      holds: async (seen) => {
        expect(await linesOf(seen, seen.played.reinstalled)).toContain(`the word is ${seen.played.reinstalled.word}`);
      },
    },
    private: {
      says: "`<redacted>`",
      looks: "also what a running guest says and is told over its channel",
      holds: async (seen) => {
        await redacted(seen, 0);
        redactedInChannel(seen);
      },
    },
    secret: { says: "`<redacted>`", holds: (seen) => redacted(seen, 1) },
  },
  {
    where: "receipts and exports",
    public: {
      says: "value",
      holds: async (seen) => {
        await expectInReceipts(seen, "word", ({ word }) => ({ visibility: "public", value: word }));
        await expectInManifest(seen, "word", { visibility: "public", value: seen.played.reinstalled.word });
      },
    },
    private: {
      says: "name and keyed fingerprint",
      holds: async (seen) => {
        await expectInReceipts(seen, "remark", () => ({ visibility: "private", fingerprint: expect.stringMatching(/^k\d+:[0-9a-f]{4}$/) as unknown }));
        await expectInManifest(seen, "remark", { visibility: "private", fingerprint: expect.stringMatching(/^k\d+:[0-9a-f]{4}$/) as unknown });
        expect(leaksOf(seen, "private", "tables", "exports", "snapshots", "answers to owner")).toEqual([]);
      },
    },
    secret: {
      says: "name",
      holds: async (seen) => {
        await expectInReceipts(seen, "passphrase", () => ({ visibility: "secret" }));
        await expectInManifest(seen, "passphrase", { visibility: "secret" });
        expect(leaksOf(seen, "secret", "tables", "exports", "snapshots", "answers to owner")).toEqual([]);
      },
    },
  },
];

function never(visibility: "private" | "secret", ...kinds: readonly string[]): Cell {
  return { says: "never", holds: (seen) => expect(leaksOf(seen, visibility, ...kinds)).toEqual([]) };
}

/** With root's leave a trusted script on the host has them in its environment, which root alone can read: agent/host-scripts/. */
function ownScriptAlone(visibility: "private" | "secret"): Cell {
  return { says: "a trusted script's own environment alone", looks: "in session mode no script runs on the host, so nobody's", holds: (seen) => expect(leaksOf(seen, visibility, "command lines", "environments")).toEqual([]) };
}

/** The script says the private value first and then the secret one, in each form, as progress and on its console. */
async function redacted(seen: Seen, which: 0 | 1): Promise<void> {
  const { world, played } = seen;
  for (const install of [played.created, played.reinstalled]) {
    const lines = await linesOf(seen, install);
    for (const form of FORMS) {
      const said = lines.filter((line) => line.startsWith(`${form} `));
      expect(said).toHaveLength(2);
      expect([form, said[which]?.includes("<redacted>")]).toEqual([form, true]);
    }
    expect(lines.filter((line) => line === "progress <redacted>")).toHaveLength(2);
  }
  // All generations of all consoles: instances' folders are named by ids.
  const folder = world.stack.agents[0]?.dataDir ?? "";
  const consoles = globSync("instances/*/serial.log*", { cwd: folder }).map((file) => readFileSync(path.join(folder, file), "utf8"));
  expect(consoles.join("\n").match(/^console <redacted>/gm)?.length).toBeGreaterThanOrEqual(4);
  expect(leaksOf(seen, which === 0 ? "private" : "secret", "the agent's files", "tables")).toEqual([]);
}

/** The talker says its private parameter and its user data in each form; as it was created, and when they were replaced and deleted. */
function redactedInChannel({ played: { running } }: Seen): void {
  expect(running.message).toBe("it is <redacted>");
  for (const said of running.leaked) {
    const texts = said.flatMap(({ author, text }) => (author === "guest" ? [text ?? ""] : []));
    for (const name of ["remark", "user-data"]) {
      for (const form of [...FORMS, "progress"]) expect([name, form, texts.filter((text) => text.startsWith(`${name} ${form} `) && text.includes("<redacted>")).length]).toEqual([name, form, 1]);
      const wrapped = texts.indexOf(`${name} wrapped`);
      expect(texts[wrapped + 1]).toBe("<redacted>");
    }
  }
}

/** What the receipts of this run say of a parameter, as everybody who may see the instance reads them. */
async function expectInReceipts({ world, played }: Seen, name: string, said: (install: Ended) => object): Promise<void> {
  // Public values of an import are the export's.
  const sources = played.sources.installs.filter((install) => install !== played.sources.imported || name !== "word");
  for (const install of [played.created, played.failed, played.reinstalled, played.cancelled, ...sources]) {
    const { envelope } = await world.as("administrator").call("GET", `/api/v1/installs/${install.installId}/receipt`, receiptSchema);
    const { predicate } = statementSchema.parse(JSON.parse(Buffer.from(envelope.payload, "base64").toString("utf8")));
    expect(predicate.parameters.find((parameter) => parameter.name === name)).toEqual({ name, from: "request", ...said(install) });
  }
}

/** What the export of this run says of a parameter, as its owner reads it. */
async function expectInManifest({ world, played }: Seen, name: string, said: object): Promise<void> {
  const { manifest } = await world.as("owner").call("GET", `/api/v1/exports/${played.sources.exportId}`, manifestSchema);
  expect(manifest.parameters.find((parameter) => parameter.name === name)).toEqual({ name, ...said });
}
