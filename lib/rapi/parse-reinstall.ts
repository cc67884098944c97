import { z } from "zod";
import type { ReinstallInput } from "#lib/instances/schemas.ts";
import { reinstallInputSchema } from "#lib/instances/schemas.ts";
import { parseFields, parseOwn, renameField, requireObject } from "./body.ts";
import { RapiError } from "./errors.ts";
import { osparamsSchema, sentParameters } from "./parse-osparams.ts";
import { liftImage, sentSource, SOURCE_BODY } from "./parse-source.ts";
import type { RapiQuery } from "./query.ts";

const OPCODE = { className: "OpInstanceReinstall", id: "OP_INSTANCE_REINSTALL" } as const;
const bodySchema = z.object({
  os_type: z.string().nullish(),
  start: z.boolean().nullish(),
  osparams: osparamsSchema,
  osparams_private: osparamsSchema,
  osparams_secret: osparamsSchema,
  enable_safe_install: z.boolean().nullish(),
  in_place: z.boolean().nullish(),
  ...SOURCE_BODY,
});
const FIELDS: ReadonlySet<string> = new Set(Object.keys(bodySchema.shape));

/**
 * The request of `/2/instances/NAME/reinstall`: a body, or the older form in the query (`os`, `nostartup`), never both.
 *
 * Beside Ganeti's fields private and secret parameters, which Ganeti drops in silence, and what the instance is installed from; without `start`
 * the instance is left running or stopped as it was.
 */
export function parseReinstall(body: unknown, query: RapiQuery): ReinstallInput {
  const legacy = query.hasAny(["os", "nostartup"]);
  if (legacy && body !== null) throw new RapiError(400, "Can't combine query and body parameters");
  if (legacy) {
    const os = query.text("os");
    return parseOwn(reinstallInputSchema, { ...(os === null ? {} : { osType: os }), start: !query.flag("nostartup") });
  }
  if (body === null) return parseOwn(reinstallInputSchema, {});
  const sent = liftImage(parseFields(OPCODE, FIELDS, bodySchema, renameField(requireObject(body), "os", "os_type")));
  return parseOwn(reinstallInputSchema, {
    ...(typeof sent.os_type === "string" ? { osType: sent.os_type } : {}),
    start: sent.start ?? null,
    parameters: sentParameters(sent),
    ...(typeof sent.enable_safe_install === "boolean" ? { safeInstall: sent.enable_safe_install } : {}),
    ...(typeof sent.in_place === "boolean" ? { inPlace: sent.in_place } : {}),
    ...sentSource(sent),
  });
}
