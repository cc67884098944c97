/** Who may do what: the one pure rule behind every interface. */

export const ROLES = ["administrator", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. `system` is the program itself, at set-up and in the background. */
export type Identity =
  | { readonly kind: "user"; readonly userId: string; readonly name: string; readonly role: Role }
  | { readonly kind: "system"; readonly name: string };

/** Every operation that an interface can reach, by name. A new one must stand here and in the table below. */
export const OPERATIONS = [
  "cluster.read",
  "cluster.modify",
  "instance.list",
  "instance.read",
  "instance.create",
  "instance.reinstall",
  "instance.power",
  "instance.modify",
  "instance.nics",
  "instance.channel",
  "instance.delete",
  "instance.rollback",
  "instance.snapshot",
  "instance.rescue",
  "instance.console",
  "instance.export",
  "instance.import",
  "instance.rename",
  "install.read",
  "install.confirm",
  "export.list",
  "export.read",
  "export.delete",
  "receipt.read",
  "receipt.keys",
  "job.list",
  "job.read",
  "job.cancel",
  "os.list",
  "os.read",
  "os.register",
  "os.upload",
  "os.modify",
  "os.delete",
  "os.trust",
  "os.blacklist",
  "node.list",
  "node.read",
  "node.add",
  "network.list",
  "network.read",
  "network.modify",
  "user.list",
  "user.create",
  "appliance.list",
  "appliance.register",
  "keys.rotate",
  "audit.read",
  "event.subscribe",
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * `any`: on every object; `visible`: on objects that the user owns or is shown (an OS definition of the cluster's own, or one that
 * its owner shares); `own`: on objects that the user owns (lists are narrowed to them); `none`.
 */
export type Reach = "any" | "visible" | "own" | "none";

/** Who is shown an object beside its owner and administrators: everybody, or users by their id. */
export type Audience = "everybody" | readonly string[];

const REACH: Readonly<Record<Operation, Readonly<Record<Role, Reach>>>> = {
  "cluster.read": { administrator: "any", owner: "any" },
  "cluster.modify": { administrator: "any", owner: "none" },
  "instance.list": { administrator: "any", owner: "own" },
  "instance.read": { administrator: "any", owner: "own" },
  "instance.create": { administrator: "any", owner: "none" },
  "instance.reinstall": { administrator: "any", owner: "own" },
  "instance.power": { administrator: "any", owner: "own" },
  "instance.modify": { administrator: "any", owner: "own" },
  // What a NIC is connected to is the cluster's network, not the instance's.
  "instance.nics": { administrator: "any", owner: "none" },
  "instance.channel": { administrator: "any", owner: "own" },
  "instance.delete": { administrator: "any", owner: "none" },
  "instance.rollback": { administrator: "any", owner: "own" },
  "instance.snapshot": { administrator: "any", owner: "own" },
  "instance.rescue": { administrator: "any", owner: "own" },
  "instance.console": { administrator: "any", owner: "own" },
  "instance.export": { administrator: "any", owner: "own" },
  "instance.import": { administrator: "any", owner: "none" },
  "instance.rename": { administrator: "any", owner: "own" },
  "install.read": { administrator: "any", owner: "own" },
  "install.confirm": { administrator: "any", owner: "own" },
  "export.list": { administrator: "any", owner: "own" },
  "export.read": { administrator: "any", owner: "own" },
  "export.delete": { administrator: "any", owner: "own" },
  "receipt.read": { administrator: "any", owner: "own" },
  // Public keys: whoever has a receipt may look at whose it is.
  "receipt.keys": { administrator: "any", owner: "any" },
  "job.list": { administrator: "any", owner: "own" },
  "job.read": { administrator: "any", owner: "own" },
  "job.cancel": { administrator: "any", owner: "own" },
  "os.list": { administrator: "any", owner: "visible" },
  "os.read": { administrator: "any", owner: "visible" },
  "os.register": { administrator: "any", owner: "none" },
  "os.upload": { administrator: "any", owner: "own" },
  "os.modify": { administrator: "any", owner: "own" },
  "os.delete": { administrator: "any", owner: "own" },
  "os.trust": { administrator: "any", owner: "none" },
  "os.blacklist": { administrator: "any", owner: "none" },
  "node.list": { administrator: "any", owner: "none" },
  "node.read": { administrator: "any", owner: "none" },
  "node.add": { administrator: "any", owner: "none" },
  "network.list": { administrator: "any", owner: "none" },
  "network.read": { administrator: "any", owner: "none" },
  "network.modify": { administrator: "any", owner: "none" },
  "user.list": { administrator: "any", owner: "none" },
  "user.create": { administrator: "any", owner: "none" },
  "appliance.list": { administrator: "any", owner: "none" },
  "appliance.register": { administrator: "any", owner: "none" },
  "keys.rotate": { administrator: "any", owner: "none" },
  "audit.read": { administrator: "any", owner: "none" },
  "event.subscribe": { administrator: "any", owner: "own" },
};

/** How far an identity reaches with an operation. */
export function reach(identity: Identity, operation: Operation): Reach {
  return identity.kind === "system" ? "any" : REACH[operation][identity.role];
}

/**
 * Whether an identity may carry out an operation on an object of this owner, which is shown to this audience.
 * `unknown`: it may not even know that the object is there, so the answer is that it isn't.
 */
export function decide(identity: Identity, operation: Operation, ownerId: string | null, audience: Audience = []): "allowed" | "not_allowed" | "unknown" {
  const owns = identity.kind === "user" && ownerId === identity.userId;
  switch (reach(identity, operation)) {
    case "any":
      return "allowed";
    case "visible":
      return owns || isShown(identity, audience) ? "allowed" : "unknown";
    case "own":
      if (owns) return "allowed";
      return isShown(identity, audience) ? "not_allowed" : "unknown";
    case "none":
      return "not_allowed";
  }
}

function isShown(identity: Identity, audience: Audience): boolean {
  return audience === "everybody" || (identity.kind === "user" && audience.includes(identity.userId));
}

/** Who is shown an OS definition: everybody the cluster's own (it has no owner), otherwise those with whom it is shared. */
export function definitionAudience(ownerId: string | null, sharedWith: readonly string[]): Audience {
  return ownerId === null ? "everybody" : sharedWith;
}
