import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";
import reasonedCast from "./scripts/lint/reasoned-cast.js";
import sealedOpen from "./scripts/lint/sealed-open.js";

/**
 * The files that may open a private or secret value, each with its reason. Shorter is better.
 * Tests may: they have to see that what went in comes out.
 */
const MAY_OPEN = [
  "lib/agent-protocol/encode-order.ts", // an order's way onto the wire
  "agent/metadata/documents.ts", // the agent gives the guest its parameters
  "agent/host-scripts/encode-environment.ts", // a trusted script's own environment
  "agent/sources/basic-auth.ts", // a package's user name and password, for its server
  "lib/db/client.ts", // the database's password
  "lib/db/listen.ts", // as above
  "lib/domain/scrub.ts", // knows what to replace in what a guest says
  "lib/domain/resolve-parameters.ts", // holds values to their declared pattern
  "lib/instances/package-credentials.ts", // a package's user name and password as one text, sealed again
  "lib/auth/session-key.ts", // next-auth wants the key of sessions as a string
  "lib/secrets/keyring.ts", // encrypts private values for the database
  "lib/secrets/master-keys.ts", // reads the master key from the environment
];

export default defineConfig(
  globalIgnores(["node_modules/", ".next/", ".slipway/", "lib/db/generated/", "next-env.d.ts", "test-results/"]),
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { slipway: { rules: { "reasoned-cast": reasonedCast, "sealed-open": sealedOpen } } },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "slipway/sealed-open": "error",
      "slipway/reasoned-cast": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "as", objectLiteralTypeAssertions: "never" }],
      // Numbers and booleans print as one expects; objects and null don't.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // `() => doIt()` is how a callback that returns nothing is usually written.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      // By code points, which is what is wanted where it is done.
      "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-restricted-properties": ["error", { object: "process", property: "env", message: "The environment is read in lib/config alone." }],
      "no-restricted-imports": ["error", { paths: [{ name: "node:process", message: "Use the global `process`." }] }],
    },
  },
  { files: ["app/**", "components/**"], plugins: { "react-hooks": reactHooks }, rules: reactHooks.configs.recommended.rules },
  { files: MAY_OPEN, rules: { "slipway/sealed-open": "off" } },
  {
    // The settings of the controller, and what isn't part of it.
    files: ["lib/config/**", "scripts/**", "bench/**", "e2e/**", "*.config.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["**/*.test.ts", "**/*.test.tsx", "**/testing*.ts", "e2e/**"],
    rules: { "slipway/sealed-open": "off" },
  },
);
