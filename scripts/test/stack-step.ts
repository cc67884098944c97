import path from "node:path";
import { freePort } from "#scripts/process/free-port.ts";
import { run } from "#scripts/process/run.ts";
import type { Outcome, StepContext } from "./step.ts";
import { vitestStep } from "./step.ts";

const UP_MS = 900_000;
const DOWN_MS = 120_000;

/** The real thing: `up` in a scratch home with its sample install, the system's tests against it, `down`. */
export async function stackSteps(context: StepContext, filters: readonly string[], say: (line: string) => void): Promise<Outcome[]> {
  const home = path.join(context.scratch, "home");
  const environment = {
    ...process.env,
    SLIPWAY_HOME: home,
    SLIPWAY_PORT: String(await freePort()),
    SLIPWAY_RAPI_PORT: String(await freePort()),
  };
  Reflect.deleteProperty(environment, "DATABASE_URL");
  const command = async (title: string, program: string, timeoutMs: number): Promise<Outcome> => {
    const started = performance.now();
    const lines: string[] = [];
    const onLine = (line: string): void => {
      lines.push(line);
      say(line);
    };
    const code = await run(process.execPath, [path.join(context.release, program)], { cwd: context.release, environment, timeoutMs, onLine }).then(
      (result) => result.code,
      (error: unknown) => {
        lines.push(String(error));
        return 1;
      },
    );
    return { title, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, seconds: (performance.now() - started) / 1_000, output: lines.join("\n") };
  };
  try {
    const up = await command("up, with an install", "scripts/up/run.ts", UP_MS);
    // Without a stack every test of it would fail for the same reason.
    if (up.failed > 0) return [up];
    return [up, await vitestStep(context, "system", filters, { SLIPWAY_TEST_STACK: path.join(home, "run/up.json") })];
  } finally {
    await command("down", "scripts/down/run.ts", DOWN_MS);
  }
}
