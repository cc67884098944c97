/** The parts of every request that sends values of parameters: one rule for names, sizes and masks. */
import { z } from "zod";
import { isMask } from "./masks.ts";
import { PARAMETER_LIMITS, PARAMETER_NAME } from "./parameters.ts";

export const parameterName = z.string().regex(PARAMETER_NAME, "must begin with a letter and have letters, digits, - and _ only");

/** A value of any class. */
export const parameterText = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= PARAMETER_LIMITS.valueBytes, `must have at most ${PARAMETER_LIMITS.valueBytes} bytes`)
  .refine((text) => !text.includes("\0"), "must not hold a NUL character");

/** A value of class private or secret: what programs show in its place is none. */
export const sealedText = parameterText.refine((text) => !isMask(text), "is a mask, not a value; leave the parameter out to keep what is stored");

export function isFew(map: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(map).length <= PARAMETER_LIMITS.count;
}
export const TOO_MANY = `must have at most ${PARAMETER_LIMITS.count} parameters`;
