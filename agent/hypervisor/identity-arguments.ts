import type { GuestPlan } from "./hypervisor.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An instance's id as EC2 would have it: there every machine's begins with `ec2`, and by that it is known. */
export function ec2Uuid(id: string): string {
  return `ec2${id.slice(3)}`;
}

/**
 * What a guest's firmware says that its machine is (design: machine, "cloud-init"): by it an unprepared image knows that there are
 * metadata, and of which kind. Only for an instance that has a channel: without one, looking for them costs minutes.
 */
export function identityArguments({ kind, id, channel, datasource }: Pick<GuestPlan, "kind" | "id" | "channel" | "datasource">): string[] {
  if (!UUID.test(id)) throw new Error("an id isn't one");
  if (kind === "appliance" || channel === null) return ["-uuid", id];
  switch (datasource) {
    case "none":
      return ["-uuid", id];
    case "openstack":
      return ["-uuid", id, "-smbios", `type=1,manufacturer=OpenStack Foundation,product=OpenStack Nova,uuid=${id}`];
    case "ec2": {
      const uuid = ec2Uuid(id);
      return ["-uuid", uuid, "-smbios", `type=1,manufacturer=Amazon EC2,uuid=${uuid},serial=${uuid}`];
    }
  }
}
