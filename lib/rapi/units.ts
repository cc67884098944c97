import { z } from "zod";

const FACTORS: Readonly<Record<string, number>> = { "": 1, m: 1, mb: 1, mib: 1, g: 1024, gb: 1024, gib: 1024, t: 1_048_576, tb: 1_048_576, tib: 1_048_576 };

/** MiB from a number, or from a text with a unit as Ganeti's commands take it: `512`, `"512"`, `"1.5G"`. Rounded up. */
export const mebibytes = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,9}(\.\d{1,3})?\s*([mgt](i?b)?)?$/i)
    .transform((text) => {
      const [, amount, unit] = /^([\d.]+)\s*([a-z]*)$/i.exec(text) ?? [];
      return Math.ceil(Number(amount) * (FACTORS[(unit ?? "").toLowerCase()] ?? 1));
    }),
]);
