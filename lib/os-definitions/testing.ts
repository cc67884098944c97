import { readdir } from "node:fs/promises";
import type { RequestContext } from "#lib/context/context.ts";
import type { TestServices } from "#lib/context/testing.ts";
import { contextOf, insertUser, openTestServices } from "#lib/context/testing.ts";
import { writeTar } from "#lib/domain/write-tar.ts";
import { modifyOsDefinition } from "./modify-os-definition.ts";
import { uploadOsDefinition } from "./upload-os-definition.ts";

/** Everybody who may ask for something of a definition that `ada` brings and shares with `bob`. */
export interface DefinitionBench extends TestServices {
  readonly admin: RequestContext;
  readonly ada: RequestContext;
  readonly bob: RequestContext;
  readonly stranger: RequestContext;
  readonly ids: Readonly<Record<"admin" | "ada" | "bob" | "stranger", string>>;
  /** All that operations on definitions may change, and the blobs' files, as one value to compare. */
  state(): Promise<DefinitionState>;
}

export interface DefinitionState {
  readonly events: number;
  readonly [table: string]: unknown;
}

export async function openDefinitionBench(): Promise<DefinitionBench> {
  const open = await openTestServices();
  const { services } = open;
  const people = {
    admin: await insertUser(services, { name: "admin", role: "administrator" }),
    ada: await insertUser(services, { name: "ada", role: "owner" }),
    bob: await insertUser(services, { name: "bob", role: "owner" }),
    stranger: await insertUser(services, { name: "stranger", role: "owner" }),
  };
  return {
    ...open,
    admin: contextOf(services, people.admin),
    ada: contextOf(services, people.ada),
    bob: contextOf(services, people.bob),
    stranger: contextOf(services, people.stranger),
    ids: { admin: people.admin.userId, ada: people.ada.userId, bob: people.bob.userId, stranger: people.stranger.userId },
    async state() {
      const { db } = services;
      return {
        definitions: await db.osDefinition.findMany({ orderBy: { name: "asc" }, include: { shares: { orderBy: { userId: "asc" } } } }),
        versions: await db.osDefinitionVersion.findMany({ orderBy: [{ definitionId: "asc" }, { version: "asc" }] }),
        files: await db.osDefinitionFile.findMany({ orderBy: [{ versionId: "asc" }, { path: "asc" }] }),
        contents: await db.osFileContent.findMany({ select: { digest: true }, orderBy: { digest: "asc" } }),
        blobs: await db.blob.findMany({ orderBy: { digest: "asc" } }),
        blobFiles: (await readdir(services.config.paths.blobs).catch(() => [])).toSorted(),
        events: await db.event.count(),
      };
    },
  };
}

/** An archive of a definition. What a test is about stands in `files`, by path; null leaves one out. Scripts are executable. */
export function archiveOf(files: Readonly<Record<string, string | Uint8Array | null>> = {}): Uint8Array {
  const all: Readonly<Record<string, string | Uint8Array | null>> = { ganeti_api_version: "20\n", "untrusted/create": "#!/bin/sh\nexit 0\n", ...files };
  return writeTar(
    Object.entries(all).flatMap(([path, content]) =>
      content === null ? [] : [{ path, mode: /(^|\/)(create|import|export|rename|verify)$/.test(path) ? 0o755 : 0o644, content: typeof content === "string" ? Buffer.from(content) : content }],
    ),
  );
}

/** A definition of ada's that bob sees. */
export async function shareWithBob(bench: DefinitionBench, name: string, files: Parameters<typeof archiveOf>[0] = {}) {
  await uploadOsDefinition(bench.ada, { name, archive: archiveOf(files) });
  return modifyOsDefinition(bench.ada, name, { sharedWith: ["bob"] });
}

/** How an attempt was refused; a test fails where it wasn't. */
export async function refusalOf(attempt: Promise<unknown>): Promise<{ readonly code: unknown; readonly message: string; readonly field: unknown }> {
  const error: unknown = await attempt.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof Error && "code" in error) return { code: error.code, message: error.message, field: "field" in error ? error.field : undefined };
  throw new Error("the attempt wasn't refused", { cause: error });
}
