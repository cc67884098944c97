import { request } from "node:https";
import { expect } from "vitest";
import { z } from "zod";
import type { Running } from "../canary/running-steps.ts";
import { digestOf } from "../canary/talker.ts";
import { ROLES } from "../canary/world.ts";
import { expectAtScript, isSeen, leaksOf } from "./look.ts";
import type { Row, Seen } from "./row.ts";

/** What is told to whom. */
export const RUNNING_ROWS: readonly Row[] = [
  {
    where: "controller to agent, over mutual TLS",
    public: { says: "value", looks: "the script had it; who shows no certificate is let in nowhere", holds: (seen) => overTls(seen, "word") },
    private: { says: "value", looks: "as before", holds: (seen) => overTls(seen, "remark") },
    secret: { says: "value", looks: "as before", holds: (seen) => overTls(seen, "passphrase") },
  },
  {
    where: "metadata service, to this one guest, during an install",
    public: { says: "value", holds: (seen) => expectAtScript(seen, "served", "word") },
    private: { says: "value", holds: (seen) => expectAtScript(seen, "served", "remark") },
    secret: { says: "value", holds: (seen) => expectAtScript(seen, "served", "passphrase") },
  },
  {
    where: "metadata service in normal running",
    public: { says: "value", holds: (seen) => served(seen, (running) => `served word public ${digestOf(running.word)}`) },
    private: {
      says: "value",
      looks: "user data too: what the guest was started with",
      holds: ({ played: { running } }) => {
        for (const said of [running.served, running.servedBefore, running.servedAfter]) expect(said).toContain(`served remark private ${digestOf(running.remark)}`);
        for (const said of [running.served, running.servedBefore]) expect(said).toContain(`served user-data ${digestOf(running.userData.first)}`);
        expect(running.servedAfter).toContain(`served user-data ${digestOf(running.userData.second)}`);
      },
    },
    secret: {
      says: "gone",
      looks: "in every document that the guest finds",
      // The private value is in one of them: the guest does look.
      holds: (seen) => {
        served(seen, () => "names remark word");
        served(seen, () => "found: passphrase in 0 and remark in 1 of many documents: yes");
      },
    },
  },
  {
    where: "API, RAPI, pages, live events",
    public: {
      says: "value",
      looks: "to who may see the instance, and to nobody else",
      holds: (seen) => {
        for (const kind of ["answers to administrator", "pages to administrator signed in", "answers to owner", "pages to owner", "page payloads to owner", "RAPI's port"]) {
          expect([kind, isSeen(seen, "word at reinstall", kind)]).toEqual([kind, true]);
        }
        for (const role of ["another owner", "signed out"] as const) {
          expect(seen.ledger.seen(`answers to ${role}`, `pages to ${role}`, `page payloads to ${role}`, `event stream of ${role}`)).toEqual([]);
        }
      },
    },
    private: {
      says: "name, that it is set, fingerprint",
      holds: async (seen) => {
        expect(await shownParameter(seen, "remark")).toEqual({ name: "remark", visibility: "private", isSet: true, fingerprint: z.string().parse((await shownParameter(seen, "remark"))["fingerprint"]), from: "instance" });
        expect(leaksOf(seen, "private", ...interfaces())).toEqual([]);
      },
    },
    secret: {
      says: "name, that it isn't kept",
      holds: async (seen) => {
        expect(await shownParameter(seen, "passphrase")).toEqual({ name: "passphrase", visibility: "secret", isKept: false, from: "instance" });
        expect(leaksOf(seen, "secret", ...interfaces())).toEqual([]);
      },
    },
  },
];

async function overTls(seen: Seen, name: "word" | "remark" | "passphrase"): Promise<void> {
  await expectAtScript(seen, "arrived", name);
  const address = seen.world.stack.agents[0]?.address ?? "";
  const outcome = await new Promise<string>((resolve) => {
    // Whom it talks to isn't the question here.
    const call = request(new URL("/v1/facts", address), { rejectUnauthorized: false, timeout: 10_000 }, (response) => {
      response.resume();
      resolve(`answered ${response.statusCode ?? 0}`);
    });
    call.on("error", () => resolve("refused"));
    call.end();
  });
  expect(outcome).toBe("refused");
}

/** That the running guest was served so, each time that it asked: by its own word. */
function served({ played: { running } }: Seen, line: (running: Running) => string): void {
  for (const said of [running.served, running.servedBefore, running.servedAfter]) expect(said).toContain(line(running));
}

function interfaces(): string[] {
  const told = ROLES.flatMap((role) => [`answers to ${role}`, `pages to ${role}`, `page payloads to ${role}`, ...(role === "signed out" ? [] : [`event stream of ${role}`])]);
  return ["RAPI's port", ...told];
}

async function shownParameter({ world, played }: Seen, name: string): Promise<Record<string, unknown>> {
  const schema = z.object({ parameters: z.array(z.record(z.string(), z.unknown())) });
  const { parameters } = await world.as("owner").call("GET", `/api/v1/instances/${played.objects.instance}`, schema);
  return parameters.find((parameter) => parameter["name"] === name) ?? {};
}
