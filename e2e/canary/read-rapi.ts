import { readFileSync } from "node:fs";
import { request as requestPlain, type RequestOptions } from "node:http";
import { request as requestTls } from "node:https";
import type { Stack } from "../stack.ts";
import type { Account } from "./world.ts";

const WAIT_MS = 60_000;

/** A read on RAPI's own port, over TLS: status line, headers and body as one text. */
export function readRapiPort(stack: Stack, account: Account, address: string): Promise<string> {
  return ask(new URL(address, stack.rapiUrl), account, { ca: readFileSync(stack.caFile) }, null);
}

/** `GET /2/jobs/ID/wait` with its body, which `fetch` can't send. */
export function waitForJob(stack: Stack, account: Account, job: string): Promise<string> {
  const body = JSON.stringify({ fields: ["id", "ops", "status", "summary", "opresult", "oplog"], previous_job_info: null, previous_log_serial: null });
  return ask(new URL(`/2/jobs/${job}/wait`, stack.consoleUrl), account, {}, body);
}

function ask(url: URL, { name, password }: Account, options: { readonly ca?: Buffer }, body: string | null): Promise<string> {
  const request = url.protocol === "https:" ? requestTls : requestPlain;
  const headers = body === null ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const settings: RequestOptions = { ...options, method: "GET", headers, timeout: WAIT_MS, ...(name === "" ? {} : { auth: `${name}:${password}` }) };
  return new Promise((resolve, reject) => {
    const call = request(url, settings, (response) => {
      let text = `${response.statusCode ?? 0}\n${response.rawHeaders.join("\n")}\n\n`;
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    call.on("error", reject);
    call.end(body ?? undefined);
  });
}
