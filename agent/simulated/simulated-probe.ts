import type { ProbeRequest, ProbeResult } from "#lib/agent-protocol/messages.ts";

const BYTES = 64 * 1_048_576;
const VIRTUAL_BYTES = 2 * 1_024 ** 3;

/** What a simulated node finds: everything, but what has `missing` in its address. */
export function simulateProbe({ image, medium, package: archive }: ProbeRequest): ProbeResult {
  const media = Object.entries(medium).filter(([name]) => name.endsWith("_path"));
  const asked = [
    ...(image === null ? [] : [{ field: "image", location: image.location, virtualBytes: VIRTUAL_BYTES }]),
    ...media.map(([name, location]) => ({ field: `medium.${name}`, location, virtualBytes: null })),
    ...(archive === null ? [] : [{ field: "package", location: archive.url, virtualBytes: null }]),
  ];
  return {
    findings: asked.map(({ field, location, virtualBytes }) =>
      location.includes("missing")
        ? { field, ok: false, text: "The server has nothing there: it answered 404.", bytes: null, virtualBytes: null }
        : { field, ok: true, text: "It can be reached.", bytes: BYTES, virtualBytes },
    ),
  };
}
