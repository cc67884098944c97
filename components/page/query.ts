/** The query of an address as Next.js gives it to a page. */
export type SearchParams = Promise<Readonly<Record<string, string | string[] | undefined>>>;

/** One field of the query, at most `limit` characters; undefined if it isn't there, or more than once. */
export function queryText(value: string | string[] | undefined, limit = 500): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= limit ? value : undefined;
}

/** A field that must be one of a list; anything else counts as not there. */
export function queryChoice<T extends string>(value: string | string[] | undefined, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}

/** A whole number from 1 on, as versions have. */
export function queryNumber(value: string | string[] | undefined): number | undefined {
  return typeof value === "string" && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}
