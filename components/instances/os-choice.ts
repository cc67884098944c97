import type { OsDefinitionSummary } from "#lib/domain/os-definition-views.ts";
import { formatOsType, parseOsType } from "#lib/domain/os-definition.ts";

/** In an address: without an OS definition. No definition is called so. */
export const NO_OS = "*";

/** What a form offers to install: each variant of each definition that may be used. */
export interface OsChoice {
  readonly osType: string;
  readonly title: string;
}

/** Hidden and blacklisted definitions aren't offered, unless it is the one that the instance has. */
export function osChoices(definitions: readonly OsDefinitionSummary[], current: string | null): readonly OsChoice[] {
  const own = current === null ? null : parseOsType(current).name;
  return definitions
    .filter((definition) => definition.version !== null && ((!definition.hidden && !definition.blacklisted) || definition.name === own))
    .flatMap(({ name, title, variants }) =>
      variants.length === 0 ? [{ osType: name, title }] : variants.map((variant) => ({ osType: formatOsType(name, variant), title })),
    );
}

/**
 * What an instance has is offered for it though its definition is seen no longer, or has lost the variant: another system is
 * never put in its place in silence.
 */
export function withCurrent(choices: readonly OsChoice[], current: string | null): readonly OsChoice[] {
  return current === null || choices.some(({ osType }) => osType === current) ? choices : [{ osType: current, title: "" }, ...choices];
}

/** The one to begin with: what was asked for, what is there, or the first. Null: none, because that was asked for or there is none. */
export function chosenOs(choices: readonly OsChoice[], asked: string | undefined, current: string | null): string | null {
  if (asked === NO_OS) return null;
  const offered = (osType: string | null | undefined): boolean => choices.some((choice) => choice.osType === osType);
  if (asked !== undefined && offered(asked)) return asked;
  return offered(current) ? current : (choices[0]?.osType ?? null);
}
