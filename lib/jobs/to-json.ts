import type { Prisma } from "#lib/db/client.ts";

/** A value of our own types as the JSON that it is: what is undefined in it isn't there. */
export function toJson(value: object): Prisma.InputJsonValue {
  // JSON.parse is typed `any`; what stringify wrote of an object is JSON.
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
}
