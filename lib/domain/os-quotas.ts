/** What a user who isn't an administrator may keep of OS definitions. Fixed: nobody has needed another number yet. */
export const OS_QUOTAS = {
  /** Definitions that a user owns. */
  definitions: 64,
  /** Versions of one definition. */
  versions: 512,
  /** Bytes of all files of all versions of a user's definitions. */
  bytes: 1_073_741_824,
} as const;

/** Users with whom one definition is shared: each of its events is written once for each of them. */
export const MOST_SHARES = 64;

export interface OsUsage {
  readonly definitions: number;
  readonly versions: number;
  readonly bytes: number;
}

/** Why a user's definitions may not become so many or so large; null: they may. */
export function quotaProblem(after: OsUsage): string | null {
  if (after.definitions > OS_QUOTAS.definitions) return `An account has at most ${OS_QUOTAS.definitions} OS definitions; delete one first.`;
  if (after.versions > OS_QUOTAS.versions) return `An OS definition has at most ${OS_QUOTAS.versions} versions.`;
  if (after.bytes > OS_QUOTAS.bytes) return `The OS definitions of an account have at most ${OS_QUOTAS.bytes / 1_048_576} MiB in all their versions; delete one first.`;
  return null;
}
