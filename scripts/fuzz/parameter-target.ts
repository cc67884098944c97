import { parseDefinition } from "#lib/domain/os-definition-files.ts";
import type { DefinitionFile } from "#lib/domain/os-definition-files.ts";
import { parseOsType } from "#lib/domain/os-definition.ts";
import { parameterError, resolveParameters } from "#lib/domain/resolve-parameters.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { parseJsonBody } from "#lib/http/json.ts";
import { parseWith } from "#lib/http/parse.ts";
import { osTypeSchema, reinstallInputSchema } from "#lib/instances/schemas.ts";
import { mutateBytes } from "./mutate-bytes.ts";
import type { Random } from "./random.ts";
import type { FuzzTarget } from "./target.ts";

const KINDS = ["parameters.list", "variants.list", "ganeti_api_version", "slipway.json", "sent", "os type"] as const;
type Kind = (typeof KINDS)[number];

const NAMES = ["dhcp", "DHCP", "root_password", "a-b", "A-B", "constructor", "__proto__", "9lives", "", "x".repeat(65), "p\u0000", "größe"] as const;
const TEXTS = ["", "x", "a".repeat(40), `${"a".repeat(40)}!`, "********", "<redacted>", "\0", "\ud800", "\u202ex", "true", "-12", "a\nb", "x".repeat(70_000), "x".repeat(1_100_000), "https://u:p@example.test/", "/srv/../x", "/srv/image.raw"] as const;
const PATTERNS = ["[a-z]+", "(a+)+$", "(a|a)*b", "(.*)*x", "(?:a{0,999}){0,999}", "((((a{1,99}){1,99}){1,99}){1,99})", "(?<=a{0,500})b", "(?<n>a)|(?<n>b)", "\\p{L}{0,400}$", "(?:)*".repeat(90), "([a-z]+)*\\d", ".*"] as const;
const NO_PATTERNS = ["a)|(?:b", "(", "\\u{110000}", "(?<n>a)(?<n>b)", "x".repeat(501)] as const;
const CLASSES = ["public", "private", "secret"] as const;
const TYPES = ["string", "text", "password", "boolean", "integer", "choice"] as const;
/** What is sent: usable mostly. */
const VALUES = ["x", "abc", "true", "-12", "a".repeat(40), `${"a".repeat(40)}!`, "a\nb", "", "x".repeat(60_000)] as const;
/** Never in an error, whatever becomes of the request that it is in. */
const CANARY = "canary-7f3a9c";

/** Ganeti's lists, slipway.json, what a request sends against what a definition declares, and names of OS types. */
export const parameterTarget: FuzzTarget = {
  name: "parameters",
  make: (random) => {
    const kind = random.oneIn(3) ? "sent" : random.pick(KINDS);
    const text = Buffer.from(makeText(random, kind));
    return Buffer.concat([Buffer.from(`${kind}\n`), random.oneIn(kind === "sent" ? 8 : 3) ? mutateBytes(random, text) : text]);
  },
  run: async (bytes) => {
    const end = bytes.indexOf(0x0a);
    const kind = bytes.toString("latin1", 0, end);
    const body = bytes.subarray(end + 1);
    if (kind === "sent") return runSent(body);
    if (kind === "os type") return `os type of ${Object.values(parseOsType(parseWith(osTypeSchema, body.toString()))).length} parts`;
    const { manifest } = parse({ path: kind, mode: 0o644, content: body });
    return Promise.resolve(`${kind}: ${manifest.parameters.length > 0 ? "parameters" : "none"}`);
  },
};

function parse(...files: readonly DefinitionFile[]): ReturnType<typeof parseDefinition> {
  const base = [{ path: "untrusted/create", mode: 0o755, content: Buffer.from("#!/bin/sh\n") }, { path: "ganeti_api_version", mode: 0o644, content: Buffer.from("20\n") }];
  return parseDefinition([...base.filter(({ path }) => files.every((file) => file.path !== path)), ...files]);
}

/** A definition's slipway.json and a request's body, a NUL between them: neither can have one. */
function runSent(body: Buffer): string {
  const middle = Math.max(0, body.indexOf(0));
  const { manifest } = parse({ path: "slipway.json", mode: 0o644, content: body.subarray(0, middle) });
  const text = body.subarray(middle + 1);
  // A change may have made a name of a value; names are told.
  const isValue = !/canary[^"]*":/.test(text.toString("latin1"));
  try {
    const { parameters: sent } = parseWith(reinstallInputSchema, parseJsonBody(text));
    const resolution = resolveParameters({ declarations: manifest.parameters, kept: [], defaults: [], sent, operation: "create" });
    if (resolution.ok) return `sent: ${resolution.parameters.length > 0 ? "some" : "none"}`;
    throw parameterError(resolution.problems);
  } catch (error) {
    if (isValue && isSlipwayError(error) && [error.message, error.field, ...error.names].some((text) => text?.includes(CANARY) === true)) throw new Error("an error tells a secret", { cause: error });
    throw error;
  }
}

function makeText(random: Random, kind: Kind): string {
  switch (kind) {
    case "parameters.list":
      return random.list(random.pick([4, 300]), () => `${random.pick(NAMES)} ${random.pick(TEXTS)}\n`).join("");
    case "variants.list":
      return random.list(random.pick([4, 80]), () => `${random.oneIn(3) ? random.pick(NAMES) : `v${random.int(99)}`}\n`).join("");
    case "ganeti_api_version":
      return random.list(4, () => random.pick(["20\n", "15", "\n", "-1\n", "1e3\n", "99999\n", "٢٠\n"])).join("");
    case "slipway.json":
      return JSON.stringify(makeManifest(random));
    case "sent":
      return `${JSON.stringify(makeManifest(random))}\0${JSON.stringify(makeBody(random))}`;
    case "os type":
      return `${random.pick(NAMES)}${random.pick(["", "+", "++", "+v"])}${random.pick(TEXTS)}`;
  }
}

/** Mostly what a definition could say; here and there something else. */
function makeManifest(random: Random): unknown {
  const odd = (usual: unknown): unknown => (random.oneIn(80) ? random.pick<unknown>([null, [], {}, -1, 1e300, true, random.pick(TEXTS)]) : usual);
  let index = 0;
  const parameters = random.list(random.oneIn(20) ? 260 : 5, () => ({
    name: odd(random.oneIn(40) ? random.pick(NAMES) : `p${index++}`),
    ...(random.oneIn(2) ? { visibility: odd(random.oneIn(40) ? "hidden" : random.pick(CLASSES)) } : {}),
    ...(random.oneIn(2) ? { type: odd(random.oneIn(40) ? "list" : random.pick(TYPES)) } : {}),
    ...(random.oneIn(3) ? { pattern: odd(random.oneIn(8) ? random.pick(NO_PATTERNS) : random.pick(PATTERNS)) } : {}),
    ...(random.oneIn(12) ? { default: odd(random.pick(TEXTS)) } : {}),
    ...(random.oneIn(2) ? { choices: odd(random.oneIn(40) ? random.list(70, () => random.pick(TEXTS).slice(0, 300)) : ["x", "true", "abc"]) } : {}),
    ...(random.oneIn(5) ? { required: odd(true) } : {}),
  }));
  return odd({
    parameters: odd(parameters),
    ...(random.oneIn(12) ? { title: odd(random.pick(TEXTS)) } : {}),
    ...(random.oneIn(12) ? { steps: odd(random.list(3, () => ({ id: random.pick(NAMES), label: random.pick(TEXTS), weight: odd(1) }))) } : {}),
    ...(random.oneIn(12) ? { carriedImage: odd({ sha256: random.oneIn(2) ? "a".repeat(64) : random.pick(TEXTS) }) } : {}),
    ...(random.oneIn(12) ? { defaultImage: odd({ location: random.pick(TEXTS), format: "raw", compression: "none", checksum: null }) } : {}),
    ...(random.oneIn(12) ? { installParameters: odd({ [random.pick(["boot_order", "kernel_path", "constructor", "x"])]: random.pick(TEXTS) }) } : {}),
    ...(random.oneIn(60) ? { [random.pick(NAMES)]: 1 } : {}),
  });
}

function makeBody(random: Random): unknown {
  const values = (): Record<string, unknown> =>
    Object.fromEntries(
      random.list(random.oneIn(30) ? 300 : 2, () => [
        random.oneIn(30) ? random.pick(NAMES) : `p${random.int(6)}`,
        random.oneIn(60) ? random.int(9) : random.oneIn(30) ? random.pick(TEXTS) : `${random.oneIn(3) ? CANARY : ""}${random.pick(VALUES)}`,
      ]),
    );
  return { parameters: { public: values(), private: values(), secret: values() }, ...(random.oneIn(10) ? { osType: random.pick(NAMES) } : {}) };
}
