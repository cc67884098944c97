/** Which folder may import which. Architecture: ARCHITECTURE.md, "Folders". */
const TEST = "\\.test\\.tsx?$";
/** What is run, or found by its name. */
const ENTRIES = [
  "^app/",
  "^proxy\\.ts$",
  "^[^/]+\\.config\\.(ts|js|mjs|cjs)$",
  "^next-env\\.d\\.ts$",
  "^(server|agent|cli|bench|scripts/[^/]+)/(main|run)\\.(ts|mjs)$",
  "^server/setup\\.ts$",
  "^agent/enrol\\.ts$",
  "^scripts/db/schema-engine\\.mjs$",
  "^scripts/up/check-mode\\.ts$",
  "^bench/metadata-guests\\.ts$",
  "^agent/imaging/(image|read-back)-worker\\.ts$",
];
/** What only tests use: helpers, the stand-in for an agent, and the register of routes that they go through. */
const FOR_TESTS = [TEST, "^scripts/canary/", "/testing[a-z-]*\\.ts$", "^scripts/test/", "^agent/(simulated|testing)/", "^(agent/)?e2e/", "^lib/http/routes\\.ts$"];

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "nothing-dead",
      comment: "A file that nothing runs: no page, entry point or configuration leads to it.",
      severity: "error",
      from: { path: ENTRIES },
      to: { path: "^(app|components|lib|server|agent|cli|bench|scripts)/", pathNot: [...FOR_TESTS, ...ENTRIES, "^lib/db/generated/"], reachable: false },
    },
    {
      name: "domain-is-pure",
      comment: "lib/domain is values in, values out: zod, digests, patterns, and nothing that reaches out.",
      severity: "error",
      from: { path: "^lib/domain/", pathNot: TEST },
      to: { pathNot: ["^lib/domain/", "^node_modules/zod/", "^(node:)?(crypto|vm)$"] },
    },
    {
      name: "agent-knows-little-of-lib",
      comment:
        "The agent is another program: it shares the rules and the protocol with the controller, and how a folder on a disk becomes a definition's files (one reading, so that a link or a name means the same on a node as at set-up).",
      severity: "error",
      from: { path: "^agent/", pathNot: "^agent/e2e/" },
      to: { path: "^(app|components|server|scripts|lib)/", pathNot: "^lib/(domain|agent-protocol|definition-folders)/" },
    },
    {
      name: "definition-folders-know-only-the-domain",
      severity: "error",
      from: { path: "^lib/definition-folders/", pathNot: TEST },
      to: { path: "^(app|components|server|agent|scripts|lib)/", pathNot: "^lib/(domain|definition-folders)/" },
    },
    {
      name: "protocol-knows-only-the-domain",
      severity: "error",
      from: { path: "^lib/agent-protocol/", pathNot: TEST },
      to: { path: "^(app|components|server|agent|scripts|lib)/", pathNot: "^lib/(domain|agent-protocol)/" },
    },
    {
      name: "lib-knows-no-interface",
      comment: "One direction: app, components and server use lib, never the other way round.",
      severity: "error",
      from: { path: "^lib/", pathNot: TEST },
      to: { path: "^(app|components|server|agent|scripts|cli|bench)/" },
    },
    {
      name: "controller-does-not-run-the-agent",
      severity: "error",
      from: { path: "^(app|components|server)/" },
      to: { path: "^agent/" },
    },
    {
      name: "components-show",
      comment: "Components get what they show; they don't fetch it from the database.",
      severity: "error",
      from: { path: "^components/", pathNot: TEST },
      to: { path: "^(app|server|agent|scripts)/|^lib/(db|secrets|pki)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-db-knows-prisma",
      severity: "error",
      from: { pathNot: ["^lib/db/", "^scripts/db/", "^prisma\\.config\\.ts$"] },
      to: { path: ["^lib/db/generated/", "^node_modules/(@prisma|prisma|\\.prisma)/"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "product-does-not-need-scripts",
      severity: "error",
      from: { path: "^(app|components|server|agent|lib)/", pathNot: [TEST, "^agent/e2e/"] },
      to: { path: "^(scripts|e2e|bench)/" },
    },
    {
      name: "no-test-in-the-product",
      severity: "error",
      from: { pathNot: [...FOR_TESTS, "^vitest\\.config\\.ts$"] },
      to: { path: [TEST, "^node_modules/(vitest|@playwright|fast-check)/"] },
    },
    { name: "no-unknown-module", severity: "error", from: {}, to: { couldNotResolve: true, dependencyTypesNot: ["type-only"] } },
    { name: "no-deprecated-node", severity: "error", from: {}, to: { dependencyTypes: ["deprecated"] } },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^lib/db/generated"] },
    exclude: { path: ["^\\.next", "^\\.slipway", "^test-results"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"], extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".d.ts"] },
    skipAnalysisNotInRules: true,
  },
};
