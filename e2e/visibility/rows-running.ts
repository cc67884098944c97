import { readdirSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request } from "node:https";
import path from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import { z } from "zod";
import { METADATA_SOCKET } from "#agent/hypervisor/guest-folder.ts";
import { ROLES } from "../canary/world.ts";
import { expectAtScript, isSeen, leaksOf } from "./look.ts";
import type { Row, Seen } from "./row.ts";

const SERVICE = "at the socket to which the guest's port 80 leads; what real guests are answered: e2e/network";

/** Of each tree what is more than a name. */
const DOCUMENTS = [
  "/ganeti/latest/os/parameters.json", "/ganeti/latest/meta_data.json", "/openstack/latest/meta_data.json", "/openstack/latest/network_data.json",
  "/openstack/latest/vendor_data.json", "/openstack/latest/user_data", "/latest/user-data", "/latest/dynamic/instance-identity/document",
];

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
    public: { says: "value", looks: SERVICE, holds: async (seen) => expect(await servedParameters(seen)).toMatchObject({ word: [seen.played.reinstalled.word, "public"] }) },
    private: {
      says: "value",
      looks: SERVICE,
      holds: async (seen) => {
        expect(await servedParameters(seen)).toMatchObject({ remark: [seen.played.reinstalled.remark, "private"] });
        expect(await fetchAsGuest(seen, "/latest/user-data")).toBe(seen.played.userData);
      },
    },
    secret: {
      says: "gone",
      looks: SERVICE,
      holds: async (seen) => {
        const all = (await Promise.all(DOCUMENTS.map((document) => fetchAsGuest(seen, document)))).join("\n");
        const { created, failed, reinstalled, cancelled } = seen.played;
        for (const { passphrase } of [created, failed, reinstalled, cancelled]) expect(all.includes(passphrase)).toBe(false);
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

/** What the running instance is answered. Its channel's socket is the agent's, whose user the tests are. */
async function fetchAsGuest({ world: { stack } }: Seen, document: string): Promise<string> {
  const instances = path.join(stack.agents[0]?.dataDir ?? "", "instances");
  const running = readdirSync(instances).map((id) => path.join(instances, id, "run")).filter((folder) => readdirSync(folder).includes(METADATA_SOCKET));
  expect(running.length).toBe(1);
  return new Promise((resolve, reject) => {
    const call = plainRequest({ socketPath: path.join(running[0] ?? "", METADATA_SOCKET), path: document, timeout: 10_000, agent: false }, (response) => {
      expect([document, response.statusCode]).toEqual([document, 200]);
      text(response).then(resolve, reject);
    });
    call.on("error", reject);
    call.end();
  });
}

async function servedParameters(seen: Seen): Promise<unknown> {
  return JSON.parse(await fetchAsGuest(seen, "/ganeti/latest/os/parameters.json"));
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
