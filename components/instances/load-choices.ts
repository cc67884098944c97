import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { parseOsType } from "#lib/domain/os-definition.ts";
import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { PAGE_LIMITS } from "#lib/domain/paging.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";
import { listOsDefinitions } from "#lib/os-definitions/list-os-definitions.ts";
import { chosenOs, NO_OS, osChoices, withCurrent } from "./os-choice.ts";
import type { OsChoice } from "./os-choice.ts";

export interface OsChoices {
  readonly choices: readonly OsChoice[];
  /** The one to begin with; null: to install without a definition. */
  readonly osType: string | null;
  /** There are more than fit into a list of choices, so that it can be searched. */
  readonly isPart: boolean;
}

interface Asked {
  /** `name+variant` from the address, or NO_OS. */
  readonly os: string | undefined;
  /** What the instance has. */
  readonly current: string | null;
  /** What definitions are searched by. */
  readonly find: string | undefined;
}

/** What a form offers to install. The one that was asked for and the one that is there are offered however many there are. */
export async function loadChoices(ctx: RequestContext, { os, current, find }: Asked): Promise<OsChoices> {
  const page = await listOsDefinitions(ctx, { limit: PAGE_LIMITS.max, search: find });
  const wanted = [os, current].flatMap((osType) => (osType === undefined || osType === null || osType === NO_OS ? [] : [parseOsType(osType).name]));
  const missing = [...new Set(wanted)].filter((name) => !page.items.some((definition) => definition.name === name));
  const others = await Promise.all(missing.map((name) => findDefinition(ctx, name)));
  const definitions = [...others.filter((definition) => definition !== null), ...page.items];
  const choices = withCurrent(osChoices(definitions, current), current);
  return { choices, osType: chosenOs(choices, os, current), isPart: page.nextCursor !== null || find !== undefined };
}

/** Null for one that isn't there, or may not be known of. */
async function findDefinition(ctx: RequestContext, name: string): Promise<OsDefinitionSummary | null> {
  try {
    return await getOsDefinition(ctx, name);
  } catch (error) {
    if (isSlipwayError(error) && error.code === "unknown_object") return null;
    throw error;
  }
}
