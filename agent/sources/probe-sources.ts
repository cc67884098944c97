import type { ProbeRequest, ProbeResult } from "#lib/agent-protocol/messages.ts";
import { SlipwayError, isSlipwayError } from "#lib/domain/errors.ts";
import { packageUrlProblem } from "#lib/domain/install-source.ts";
import { peekImage } from "../imaging/check-image.ts";
import type { ImageCache } from "../imaging/image-cache.ts";
import { openDownload } from "./download.ts";
import { MEDIA_FILES, mediumField } from "./fetch-media.ts";
import type { FetchLimits, FetchOptions } from "./fetch-options.ts";
import { MOST_PACKAGE_BYTES } from "./fetch-package.ts";
import { openLocal } from "./open-local.ts";
import { sourceError } from "./source-error.ts";
import type { SourcePolicy } from "./source-policy.ts";

/** Somebody looks at a form meanwhile. Milliseconds. */
const PROBE_MS = 5_000;
const LIMITS: FetchLimits = { headersMs: PROBE_MS, stallMs: PROBE_MS, totalMs: PROBE_MS, tries: 1, pauseMs: 0 };

type Finding = ProbeResult["findings"][number];
type Sizes = Pick<Finding, "bytes" | "virtualBytes">;

/**
 * Whether image, medium and package can be reached from this node, all asked for at once and within five seconds (design: install, "The
 * preview checks that image and package can be reached"). Nothing is kept of what was found, and nothing of the credentials is said.
 */
export async function probeSources(request: ProbeRequest, policy: SourcePolicy, cache: ImageCache): Promise<ProbeResult> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new SlipwayError("source_failed", "There was no answer in time.")), PROBE_MS);
  const { signal } = late;
  const { image, medium, package: archive } = request;
  const probes: Promise<Finding>[] = [];
  if (image !== null) probes.push(find("image", "The image", () => peekImage(image, policy, cache, signal, LIMITS)));
  for (const [name, location] of Object.entries(medium)) {
    const mostBytes = MEDIA_FILES.get(name);
    if (mostBytes !== undefined) probes.push(find(`medium.${name}`, "The medium", () => peek(location, { field: mediumField(name), policy, signal, mostBytes, limits: LIMITS })));
  }
  if (archive !== null) probes.push(find("package", "The package", () => peekPackage(archive, policy, signal)));
  try {
    return { findings: await Promise.all(probes) };
  } finally {
    clearTimeout(timer);
  }
}

async function find(field: string, what: string, probe: () => Promise<Sizes>): Promise<Finding> {
  try {
    const { bytes, virtualBytes } = await probe();
    return { field, ok: true, text: `${what} can be reached${bytes === null ? "" : `, ${sizeText(bytes)}`}`, bytes, virtualBytes };
  } catch (error) {
    // What isn't ours may quote anything.
    return { field, ok: false, text: isSlipwayError(error) ? error.message : `${what} couldn't be looked at.`, bytes: null, virtualBytes: null };
  }
}

async function peekPackage({ url, credentials }: NonNullable<ProbeRequest["package"]>, policy: SourcePolicy, signal: AbortSignal): Promise<Sizes> {
  const field = "package.url";
  const problem = packageUrlProblem(url);
  if (problem !== null) throw sourceError("source_refused", `The address ${problem}.`, field);
  return peek(url, { field, policy, signal, credentials, mostBytes: MOST_PACKAGE_BYTES, isGzip: true, limits: LIMITS });
}

async function peek(location: string, options: FetchOptions): Promise<Sizes> {
  if (location.startsWith("/")) {
    const { handle, bytes } = await openLocal(location, options);
    await handle.close();
    return { bytes, virtualBytes: null };
  }
  const source = await openDownload(location, options);
  await source.close();
  return { bytes: source.bytes, virtualBytes: null };
}

function sizeText(bytes: number): string {
  return bytes < 1_048_576 ? `${String(Math.ceil(bytes / 1_024))} KiB` : `${String(Math.ceil(bytes / 1_048_576))} MiB`;
}
