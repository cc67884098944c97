import { defineConfig } from "prisma/config";

/** Only `generate` and `migrate diff` are run through Prisma's command; migrations are applied by `scripts/db/migrate.ts`. */
export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env["DATABASE_URL"] ?? "" },
});
