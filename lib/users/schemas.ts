import { z } from "zod";
import { ROLES } from "#lib/domain/access.ts";
import { PASSWORD_LENGTH } from "./password.ts";

/** Names of accounts: what HTTP Basic, a log line and an address can all carry. */
export const USER_NAME = /^[a-z0-9][a-z0-9._@-]{0,63}$/;

export const createUserInputSchema = z.strictObject({
  name: z.string().regex(USER_NAME, "must begin with a letter or digit and have only a-z, 0-9, '.', '_', '@' and '-'"),
  displayName: z.string().max(120).optional(),
  password: z.string().min(PASSWORD_LENGTH.min).max(PASSWORD_LENGTH.max),
  role: z.enum(ROLES),
});
export type CreateUserInput = z.output<typeof createUserInputSchema>;
