import { mkdirSync, mkdtempSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildHelper } from "#scripts/helper/build-helper.ts";
import { ensureOrdinaryUser, ORDINARY_USER } from "#scripts/process/ordinary-user.ts";
import { interrupted, runOrFail } from "#scripts/process/run.ts";
import { buildNetworkGuests } from "#scripts/up/artifacts.ts";
import type { PreparedRelease } from "#scripts/up/prepare.ts";
import { Refusal } from "#scripts/up/terminal.ts";
import { encodeOutcomes, OUTCOMES } from "./outcomes.ts";
import type { Outcome } from "./step.ts";
import { reportOutcome, vitestStep } from "./step.ts";

/** Milliseconds for all of the lane's tests. */
const LANE_MS = 2_400_000;
const REMOVE_MS = 60_000;
/** Before a command: namespaces of its own, as root, which end with it. */
const NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "--"];

/**
 * The tests of the network, which need root: in namespaces of their own, which end with all their processes. What runs as root
 * here comes from the checkout, never from a release, which is a copy that the ordinary user has made.
 *
 * @returns what the command's second half is told of it, by its environment.
 */
export async function networkLane(checkout: string, release: PreparedRelease, filters: readonly string[]): Promise<Readonly<Record<string, string>>> {
  ensureOrdinaryUser();
  const scratch = mkdtempSync(path.join(tmpdir(), "slipway-net-"));
  try {
    // The tests' agents and guests run as the ordinary user, in folders below.
    chmodSync(scratch, 0o711);
    const outcomes = [await helperStep(checkout, path.join(scratch, "helper"))];
    if (outcomes.every(({ failed }) => failed === 0)) {
      // In the namespaces nothing can be fetched.
      const guests = await buildNetworkGuests(checkout);
      const outcome = await vitestStep({ release: checkout, scratch }, "network", filters, {
        within: inNamespaces(checkout),
        timeoutMs: LANE_MS,
        environment: networkEnvironment(checkout, release, { scratch, guests }),
      });
      reportOutcome(outcome);
      outcomes.push(outcome);
    }
    if (interrupted.aborted) throw new Refusal("interrupted");
    return { [OUTCOMES]: encodeOutcomes(outcomes) };
  } finally {
    await runOrFail("rm", ["--recursive", "--force", "--one-file-system", "--", scratch], { cwd: "/", timeoutMs: REMOVE_MS });
  }
}

/** What goes before a command that needs a network of its own. */
export function inNamespaces(checkout: string): string[] {
  return [...NAMESPACES, path.join(checkout, "scripts/test/in-namespaces")];
}

/** What such a command is told by its environment (require-network.ts). The helper's programs are in `<scratch>/helper`. */
export function networkEnvironment(checkout: string, release: PreparedRelease, { scratch, guests }: { readonly scratch: string; readonly guests: string }): Readonly<Record<string, string>> {
  return {
    ...release.environment,
    PATH: [path.join(checkout, "node_modules/.bin"), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"].join(":"),
    SLIPWAY_TEST_HELPER: path.join(scratch, "helper"),
    SLIPWAY_TEST_GUESTS: guests,
    SLIPWAY_TEST_SCRATCH: scratch,
    SLIPWAY_TEST_RELEASE: release.directory,
    SLIPWAY_TEST_NODE: release.node,
    SLIPWAY_TEST_USER: ORDINARY_USER,
    TMPDIR: scratch,
    XDG_CACHE_HOME: path.join(scratch, "cache"),
    XDG_CONFIG_HOME: path.join(scratch, "config"),
    XDG_DATA_HOME: path.join(scratch, "data"),
  };
}

/** The compiler's warnings are errors there, so that it compiles is a test of its own. */
async function helperStep(checkout: string, out: string): Promise<Outcome> {
  const started = performance.now();
  mkdirSync(out, { mode: 0o755 });
  const problem = await buildHelper(checkout, out).then(
    () => null,
    (error: unknown) => String(error),
  );
  const outcome = { title: "helper, compiled", passed: problem === null ? 1 : 0, failed: problem === null ? 0 : 1, seconds: (performance.now() - started) / 1_000, output: problem ?? "" };
  reportOutcome(outcome);
  return outcome;
}
