import { z } from "zod";
import type { PowerInput } from "#lib/instances/schemas.ts";
import { invalidField, parseFields, requireObject, unsupportedField } from "./body.ts";
import type { OpcodeName } from "./body.ts";
import type { RapiRequest } from "./context.ts";

/** Seconds that Ganeti gives a guest to go by itself. */
const SHUTDOWN_SECONDS = 120;

const SHUTDOWN = { className: "OpInstanceShutdown", id: "OP_INSTANCE_SHUTDOWN" } as const;
const REBOOT = { className: "OpInstanceReboot", id: "OP_INSTANCE_REBOOT" } as const;
const REMOVE = { className: "OpInstanceRemove", id: "OP_INSTANCE_REMOVE" } as const;
const STARTUP = { className: "OpInstanceStartup", id: "OP_INSTANCE_STARTUP" } as const;

const seconds = z.number().int().min(0).max(3_600);

/** A body that an opcode takes; none is an empty one. */
function fieldsOf<Shape extends z.ZodRawShape>(opcode: OpcodeName, body: unknown, shape: Shape): z.output<z.ZodObject<Shape>> {
  return parseFields(opcode, new Set(Object.keys(shape)), z.object(shape), body === null ? {} : requireObject(body));
}

/** Starting or stopping for once, without remembering, would leave the watcher and the administrator of two minds. */
function refuseNoRemember({ query }: RapiRequest): void {
  if (query.flag("no_remember")) throw unsupportedField("no_remember", "it is not supported");
}

export function parseStartup(request: RapiRequest): PowerInput {
  refuseNoRemember(request);
  fieldsOf(STARTUP, request.body, { force: z.boolean().optional() });
  return { action: "start" };
}

/** `timeout`: seconds for the guest to go by itself; `force`: none. */
export function parseShutdown(request: RapiRequest): PowerInput {
  refuseNoRemember(request);
  const sent = fieldsOf(SHUTDOWN, request.body, {
    timeout: seconds.optional(),
    force: z.boolean().optional(),
    ignore_offline_nodes: z.literal(false).optional(),
    admin_state_source: z.literal("admin").nullish(),
  });
  return { action: "stop", graceSeconds: sent.force === true ? 0 : (sent.timeout ?? SHUTDOWN_SECONDS) };
}

/** `?type=hard` (as without it), `soft` or `full`: only a soft or full one asks the guest first. */
export function parseReboot(request: RapiRequest): PowerInput {
  const type = request.query.text("type") ?? "hard";
  if (!["hard", "soft", "full"].includes(type)) throw invalidField(REBOOT, "reboot_type");
  fieldsOf(REBOOT, request.body, {});
  return { action: "reboot", graceSeconds: type === "hard" ? 0 : SHUTDOWN_SECONDS };
}

export function parseDelete(body: unknown): void {
  fieldsOf(REMOVE, body, { shutdown_timeout: seconds.optional(), ignore_failures: z.boolean().optional() });
}
