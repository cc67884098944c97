import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { authorities } from "./authorities.ts";
import { basicAuthorization } from "./basic-auth.ts";
import { FETCH_LIMITS, type FetchOptions } from "./fetch-options.ts";
import { hostOf, resolveHost } from "./resolve-host.ts";
import { abortError, PassingFailure, sourceError, throwIfAborted } from "./source-error.ts";

export interface RequestOnce extends FetchOptions {
  /** Sent with the request; never the credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the credentials go with it. */
  readonly isAuthorized: boolean;
}

/** Of TLS, what no second try makes better. */
const LASTING = /CERT|ALTNAME|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER|HOSTNAME/;

/**
 * One GET, its answer's headers waited for. The host's addresses are looked up and checked once, and the connection goes to the first
 * of them that takes it; name for TLS and `Host` are the URL's.
 *
 * @throws SlipwayError source_refused; source_failed, as PassingFailure where another try may help
 */
export async function requestOnce(url: URL, options: RequestOnce): Promise<http.IncomingMessage> {
  const { signal, field } = options;
  throwIfAborted(signal);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new PassingFailure(`${hostOf(url)} didn't answer in time.`, field)), (options.limits ?? FETCH_LIMITS).headersMs);
  const either = AbortSignal.any([signal, late.signal]);
  try {
    const addresses = await orAborted(resolveHost(url, options), either);
    let failure: unknown = null;
    for (const address of addresses) {
      try {
        return await connect(url, address, options, either);
      } catch (error) {
        if (either.aborted || !(error instanceof PassingFailure)) throw error;
        failure = error;
      }
    }
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

/** A promise, or the abort, whichever comes first. What is late is dropped. */
async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(abortError(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function connect(url: URL, address: string, options: RequestOnce, signal: AbortSignal): Promise<http.IncomingMessage> {
  const { field, policy, credentials } = options;
  const host = hostOf(url);
  const isTls = url.protocol === "https:";
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = (isTls ? https : http).request({
    method: "GET",
    host: address,
    port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    // No pool: a connection that was checked for one name is never used for another.
    agent: false,
    setHost: false,
    headers: {
      Host: url.host,
      "User-Agent": "slipway-agent",
      Accept: "*/*",
      "Accept-Encoding": "identity",
      Connection: "close",
      ...options.headers,
      ...(options.isAuthorized && credentials !== null && credentials !== undefined ? { Authorization: basicAuthorization(credentials) } : {}),
    },
    // An address can't be a server name (RFC 6066); the certificate has to be for it all the same.
    ...(isTls ? { ca: authorities(policy), ...(isIP(host) === 0 ? { servername: host } : {}) } : {}),
  });
  const onAbort = (): void => void request.destroy(abortError(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  request.on("error", (error) => {
    signal.removeEventListener("abort", onAbort);
    reject(signal.aborted ? abortError(signal) : connectionError(error, host, field));
  });
  request.on("response", (response) => {
    signal.removeEventListener("abort", onAbort);
    resolve(response);
  });
  request.on("information", ignore);
  if (signal.aborted) onAbort();
  request.end();
  return promise;
}

function ignore(): void {
  // 103 and the like say nothing about the answer.
}

/** What went wrong with a connection, for a person: which host and what kind, nothing of the address asked for. */
export function connectionError(error: Error, host: string, field: string): Error {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (LASTING.test(code)) return sourceError("source_failed", `The certificate of ${host} isn't one that this node trusts (${code}).`, field, error);
  if (code.startsWith("HPE_") || code.startsWith("ERR_")) return new PassingFailure(`${host} doesn't answer as HTTP has it (${code}).`, field, error);
  return new PassingFailure(`The connection to ${host} failed${code === "" ? "" : ` (${code})`}.`, field, error);
}
