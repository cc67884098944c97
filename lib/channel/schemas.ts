import { z } from "zod";
import { GUEST_LIMITS } from "#lib/domain/guest-lines.ts";

/** A line for a guest to read. The same `id` twice is one line. */
export const sendToGuestInputSchema = z.strictObject({
  id: z.uuid().optional(),
  line: z
    .string()
    .min(1)
    .refine((line) => Buffer.byteLength(line) <= GUEST_LIMITS.lineBytes, `must have at most ${GUEST_LIMITS.lineBytes} bytes`)
    .refine((line) => /^[^\n\r\0]*$/.test(line), "must be one line, without NUL"),
});
export type SendToGuestInput = z.output<typeof sendToGuestInputSchema>;
