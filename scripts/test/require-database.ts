import type { TestProject } from "vitest/node";
import { startTestPostgres } from "./start-database.ts";
import type {} from "#lib/db/testing.ts";

/** Before the first test of the project: PostgreSQL with a migrated template (see lib/db/testing.ts). After the last: nothing left. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres();
  project.provide("postgresTemplateUrl", server.templateUrl);
  return () => server.stop();
}
