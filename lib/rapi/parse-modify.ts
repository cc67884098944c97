import { z } from "zod";
import type { ModifyInstanceInput } from "#lib/instances/schemas.ts";
import { modifyInstanceInputSchema } from "#lib/instances/schemas.ts";
import { parseFields, parseOwn, requireObject, unsupportedField } from "./body.ts";

const OPCODE = { className: "OpInstanceSetParams", id: "OP_INSTANCE_SET_PARAMS" } as const;

/** What Ganeti's design calls `--communication`. */
const bodySchema = z.object({ instance_communication: z.boolean().nullish() });

/** Ganeti's own fields: left empty they ask for nothing, and otherwise for what can't be done here. */
const OUT_OF_REACH = ["beparams", "disk_template", "disks", "hvparams", "hv_name", "nics", "offline", "os_name", "osparams", "osparams_private", "pnode", "remote_node", "runtime_mem"] as const;
/** Without a meaning here, whatever they say. */
const WITHOUT_MEANING = ["force", "force_variant", "ignore_ipolicy", "conflicts_check", "wait_for_sync"] as const;
const FIELDS: ReadonlySet<string> = new Set([...Object.keys(bodySchema.shape), ...OUT_OF_REACH, ...WITHOUT_MEANING]);

/** The request of `PUT /2/instances/NAME/modify`: whether the instance has the communication mechanism in normal running. */
export function parseModify(body: unknown): ModifyInstanceInput {
  const fields = requireObject(body);
  const { instance_communication: communication } = parseFields(OPCODE, FIELDS, bodySchema, fields);
  const asked = OUT_OF_REACH.find((field) => !isEmpty(fields[field]));
  if (asked !== undefined) throw unsupportedField(asked, "it is not supported");
  return parseOwn(modifyInstanceInputSchema, typeof communication === "boolean" ? { communication } : {});
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}
