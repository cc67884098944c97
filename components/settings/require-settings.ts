import { reach } from "#lib/domain/access.ts";
import type { Identity } from "#lib/domain/access.ts";
import { SlipwayError } from "#lib/domain/errors.ts";

/** Settings are shown to those who may change them. @throws SlipwayError `not_allowed` */
export function requireSettings(identity: Identity): void {
  if (reach(identity, "cluster.modify") === "none") throw new SlipwayError("not_allowed", "Settings of the cluster are made by administrators.");
}
