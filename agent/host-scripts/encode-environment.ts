import { SlipwayError } from "#lib/domain/errors.ts";
import type { HostEnvironment } from "./host-scripts.ts";

/** Of the helper (helper/script-init.c). */
const MOST_BYTES = 2 * 1_048_576;
const MOST_VARIABLES = 4_096;
/** Of the kernel, for a variable with its name. */
const LONGEST_VARIABLE = 131_071;

/**
 * The environment as the helper reads it from a pipe: `NAME=value` and a NUL each. A trusted script's own environment is the one on a
 * host that holds private and secret values (design: visibility); the result must be written there and nowhere else, and be
 * overwritten afterwards.
 *
 * @throws SlipwayError `invalid` or `too_large`, with the variable as its field
 */
export function encodeEnvironment(environment: HostEnvironment): Buffer {
  if (environment.size > MOST_VARIABLES) throw new SlipwayError("too_large", `A script gets at most ${MOST_VARIABLES} variables.`);
  const parts: Buffer[] = [];
  try {
    for (const [name, value] of environment) {
      const part = Buffer.from(`${name}=${typeof value === "string" ? value : value.open()}\0`, "utf8");
      parts.push(part);
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) throw new SlipwayError("invalid", `${name} can't be the name of a variable.`, { field: name });
      if (part.indexOf(0) !== part.length - 1) throw new SlipwayError("invalid", `The value of ${name} holds a NUL, which no variable can.`, { field: name });
      if (part.length > LONGEST_VARIABLE) throw new SlipwayError("too_large", `The value of ${name} is longer than a variable can be.`, { field: name });
    }
    const bytes = Buffer.concat(parts);
    if (bytes.length < MOST_BYTES) return bytes;
    bytes.fill(0);
    throw new SlipwayError("too_large", `A script's variables have more than ${MOST_BYTES} bytes.`);
  } finally {
    for (const part of parts) part.fill(0);
  }
}
