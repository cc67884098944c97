import { configDefaults, defineConfig } from "vitest/config";

/** Tests that need PostgreSQL or the whole stack are told apart by their names: `*.db.test.ts`, `*.qemu.test.ts`, `e2e/`; those that need root and a network of their own: `*.network.test.ts`. */
const NEEDS_DATABASE = "**/*.db.test.ts";
const NEEDS_NETWORK = "**/*.network.test.ts";
const NEEDS_SYSTEM = ["e2e/**/*.test.ts", "**/*.qemu.test.ts"];
const exclude = [...configDefaults.exclude, "**/.next/**", "**/.slipway/**"];

/** How long something may be waited for, in milliseconds: far more than it takes, so that a busy machine fails no test. */
const expectation = { poll: { timeout: 20_000 } };

const scratch = process.env["SLIPWAY_TEST_SCRATCH"];

export default defineConfig({
  // The checkout may belong to somebody else.
  ...(scratch === undefined ? {} : { cacheDir: `${scratch}/vite` }),
  test: {
    // A test that needs a second try has found something.
    retry: 0,
    projects: [
      {
        test: {
          name: "unit",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...exclude, NEEDS_DATABASE, NEEDS_NETWORK, ...NEEDS_SYSTEM],
          environment: "node",
          expect: expectation,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: [NEEDS_DATABASE],
          exclude: [...exclude, NEEDS_NETWORK, ...NEEDS_SYSTEM],
          environment: "node",
          expect: expectation,
          testTimeout: 30_000,
          hookTimeout: 30_000,
          globalSetup: ["scripts/test/require-database.ts"],
        },
      },
      {
        test: {
          name: "system",
          include: NEEDS_SYSTEM,
          exclude: [...exclude, NEEDS_NETWORK],
          environment: "node",
          expect: expectation,
          // One stack on two cores: files take turns.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          globalSetup: ["scripts/test/require-stack.ts"],
        },
      },
      {
        test: {
          name: "network",
          include: [NEEDS_NETWORK],
          exclude,
          environment: "node",
          expect: expectation,
          // One network, and its machines are slow enough by themselves.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          globalSetup: ["scripts/test/require-network.ts"],
        },
      },
    ],
  },
});
