import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { isAddressAllowed } from "./check-address.ts";
import type { FetchOptions } from "./fetch-options.ts";
import { PassingFailure, sourceError } from "./source-error.ts";

/** The host of a URL as it is compared and looked up: lower case, an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
}

/**
 * The addresses of a URL's host, asked for once: whoever connects uses these and asks nobody again, so that an answer that changes
 * between check and connection (DNS rebinding) changes nothing. One that isn't allowed refuses them all.
 *
 * @throws SlipwayError source_refused; source_failed for a name without addresses
 */
export async function resolveHost(url: URL, { policy, field }: Pick<FetchOptions, "policy" | "field">): Promise<readonly string[]> {
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await lookUp(host, field) : [host];
  if (addresses.some((address) => !isAddressAllowed(address, host, policy.allowPrivate))) {
    throw sourceError("source_refused", `${host} is, or leads to, an address of a private or special network. An administrator can allow it in the cluster's private sources.`, field);
  }
  return addresses;
}

async function lookUp(host: string, field: string): Promise<readonly string[]> {
  try {
    const found = await lookup(host, { all: true, order: "verbatim" });
    if (found.length > 0) return found.map(({ address }) => address);
  } catch (error) {
    // EAI_AGAIN: the name server didn't answer. Everything else: there is no such name.
    if (error instanceof Error && "code" in error && error.code === "EAI_AGAIN") throw new PassingFailure(`The name ${host} can't be looked up now.`, field, error);
    throw sourceError("source_failed", `There is no host ${host}.`, field, error);
  }
  throw sourceError("source_failed", `The host ${host} has no address.`, field);
}
