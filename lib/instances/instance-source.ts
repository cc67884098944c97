import type { InstallSource } from "#lib/domain/install-source.ts";
import type { OwnSource } from "#lib/domain/own-source.ts";
import { ownSourceSchema, resolveSource } from "#lib/domain/own-source.ts";

/** Image, medium and package of an instance's row, as they were asked for. */
export function readOwnSource(json: unknown): OwnSource {
  return ownSourceSchema.parse(json);
}

/** The same as it is read: what wasn't asked for is none, whatever the definition has. */
export function readInstanceSource(json: unknown): InstallSource {
  return resolveSource(readOwnSource(json), null);
}
