import type { Options } from "@node-rs/argon2";
import { hash, verify } from "@node-rs/argon2";
import { SlipwayError } from "#lib/domain/errors.ts";

/** argon2id with 19 MiB, two passes, one lane: OWASP's recommendation of least memory. */
const ARGON2: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Characters. Below, it can be guessed; above, it is no password. */
export const PASSWORD_LENGTH = { min: 12, max: 1_024 } as const;

/** Checks that run at once. More wouldn't be faster, and each takes memory. */
const AT_ONCE = 2;
/** Checks that may wait; past it the answer is to come back later. */
const MOST_WAITING = 64;
let running = 0;
const waiting: (() => void)[] = [];

/** The encoded form (`$argon2id$…`) of a password. */
export async function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password, ARGON2));
}

/** A hash of nobody's password, made once: what the password for an unknown name is checked against. */
let nobody: Promise<string> | null = null;

/**
 * Whether a password fits. For an unknown name (`encoded` is null) it takes as long and says no.
 *
 * @throws SlipwayError `too_many_requests` where too many wait already.
 */
export async function verifyPassword(encoded: string | null, password: string): Promise<boolean> {
  nobody ??= hash("no account has this", ARGON2);
  const against = encoded ?? (await nobody);
  const fits = await inTurn(() => verify(against, password));
  return fits && encoded !== null;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MOST_WAITING) throw new SlipwayError("too_many_requests", "Too many passwords wait to be checked.");
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running += 1;
  }
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next(); // hands its turn on
  }
}
