/**
 * Enrols this node's agent with a controller: makes a key that never leaves this machine, asks for a certificate with a
 * one-time token, and writes key, certificate and the cluster's authority for agent/main.ts.
 *
 *   node agent/enrol.ts --controller URL --address https://HOST:PORT --directory DIR [--ca FILE] < TOKEN
 *
 * The token is read from standard input, where no process list shows it. `--address` is where controllers dial the agent.
 * A controller that isn't on this machine is spoken to over TLS, with `--ca` where its authority isn't a public one.
 */
import { mkdir, readFile } from "node:fs/promises";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { z } from "zod";
import { writeDurably } from "./files.ts";

const KEY = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const ANSWER_MS = 30_000;
const ANSWER_BYTES = 131_072;

const answerSchema = z.object({ name: z.string(), certificate: z.string().startsWith("-----BEGIN CERTIFICATE-----"), ca: z.string().startsWith("-----BEGIN CERTIFICATE-----") });
const refusalSchema = z.object({ detail: z.string() });

const { values: options } = parseArgs({
  options: { controller: { type: "string" }, address: { type: "string" }, directory: { type: "string" }, ca: { type: "string" } },
});
const controller = new URL("/api/v1/enrolments", required("controller"));
const address = required("address");
const directory = required("directory");
if (controller.protocol !== "https:" && !isLoopback(controller.hostname)) throw new Error("--controller has to be an https address, except on this machine");

// Before the token is used up: what can't be written down afterwards would be lost.
await mkdir(directory, { recursive: true, mode: 0o700 });

const token = (await text(process.stdin)).trim();
const keys = await crypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
const csr = await x509.Pkcs10CertificateRequestGenerator.create({ name: "CN=slipway-agent", keys, signingAlgorithm: KEY });
const answer = answerSchema.parse(await post(controller, { token, address, csr: csr.toString("pem") }));

const key = x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
await writeDurably(path.join(directory, "key.pem"), `${key}\n`);
await writeDurably(path.join(directory, "ca.pem"), answer.ca);
// Last: a directory with a certificate is one that has everything.
await writeDurably(path.join(directory, "certificate.pem"), answer.certificate);
process.stdout.write(`${answer.name}\n`);

function required(name: "controller" | "address" | "directory"): string {
  const value = options[name];
  if (value === undefined || value === "") throw new Error(`--${name} is missing`);
  return value;
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet("127.0.0.0", 8, "ipv4");
  loopback.addAddress("::1", "ipv6");
  const bare = host.replace(/^\[|\]$/g, "");
  const family = isIP(bare);
  return bare === "localhost" || (family !== 0 && loopback.check(bare, family === 6 ? "ipv6" : "ipv4"));
}

async function post(url: URL, body: unknown): Promise<unknown> {
  const ca = options.ca === undefined ? {} : { ca: await readFile(options.ca) };
  const json = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(
      url,
      { ...ca, method: "POST", signal: AbortSignal.timeout(ANSWER_MS), headers: { "content-type": "application/json", "content-length": Buffer.byteLength(json) } },
      (response) => {
        let answered = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          answered += chunk;
          if (answered.length > ANSWER_BYTES) response.destroy(new Error("the controller's answer is too long"));
        });
        response.on("error", reject);
        response.on("end", () => {
          try {
            const parsed: unknown = JSON.parse(answered);
            if (response.statusCode === 201) resolve(parsed);
            else reject(new Error(`the controller refuses (${response.statusCode ?? 0}): ${refusalSchema.safeParse(parsed).data?.detail ?? "no reason given"}`));
          } catch {
            reject(new Error(`the controller's answer (${response.statusCode ?? 0}) isn't JSON`));
          }
        });
      },
    );
    request.on("error", reject);
    request.end(json);
  });
}
