import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { runOrFail } from "#scripts/process/run.ts";
import { digestOf } from "./digest.ts";

/** One thing that is made from files of the checkout, and what it is made from. */
interface Product {
  readonly title: string;
  readonly inputs: readonly string[];
  /** A file that is there once the product is; beside it lies the digest of what it was made from. */
  readonly made: string;
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

const PRODUCTS: readonly Product[] = [
  {
    title: "database client",
    inputs: ["prisma/schema.prisma", "prisma.config.ts", "scripts/db/schema-engine.mjs", "package-lock.json"],
    made: "lib/db/generated/client.ts",
    command: ["node_modules/.bin/prisma", "generate"],
    // Prisma's own engine would be downloaded, also where it isn't used.
    environment: { PRISMA_SCHEMA_ENGINE_BINARY: "scripts/db/schema-engine.mjs", PRISMA_HIDE_UPDATE_MESSAGE: "1", CHECKPOINT_DISABLE: "1" },
    timeoutMs: 120_000,
  },
  {
    title: "console",
    inputs: ["app", "components", "lib", "public", "proxy.ts", "next.config.ts", "postcss.config.mjs", "tsconfig.json", "package-lock.json"],
    made: ".next/BUILD_ID",
    command: ["node_modules/.bin/next", "build"],
    environment: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
    timeoutMs: 600_000,
  },
];

/** Beside each product: the digest of what it was made from. */
const STAMP = ".made-from";

function isNoInput(name: string): boolean {
  return name === STAMP || /\.test\.tsx?$/.test(name);
}

/**
 * Makes what the checkout needs to run, each only if its inputs have changed since it was made.
 *
 * @returns the titles of what was made.
 */
export async function build(checkout: string, say: (message: string) => void): Promise<string[]> {
  const made: string[] = [];
  for (const product of PRODUCTS) {
    const digest = digestOf(checkout, product.inputs, isNoInput);
    const stamp = path.join(checkout, path.dirname(product.made), STAMP);
    if (existsSync(path.join(checkout, product.made)) && readStamp(stamp) === digest) continue;
    say(`building the ${product.title}`);
    // From nothing: what a build that failed has left in its cache makes the next one fail too.
    rmSync(path.dirname(stamp), { recursive: true, force: true });
    const [command, ...args] = product.command;
    await runOrFail(path.join(checkout, command), args, {
      cwd: checkout,
      environment: { ...process.env, HOME: userInfo().homedir, ...product.environment },
      timeoutMs: product.timeoutMs,
    });
    writeFileSync(stamp, digest);
    made.push(product.title);
  }
  return made;
}

function readStamp(file: string): string | null {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}
