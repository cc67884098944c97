import { Prisma } from "#lib/db/client.ts";

/** Beside a row of `network_address` named `a`: the instance that holds it by a NIC, its channel, or an install. */
export const HOLDER_JOINS = Prisma.sql`
  LEFT JOIN instance_nic nic ON nic.id = a.nic_id LEFT JOIN instance of_nic ON of_nic.id = nic.instance_id
  LEFT JOIN instance of_channel ON of_channel.id = a.instance_id
  LEFT JOIN install ON install.id = a.install_id LEFT JOIN instance of_install ON of_install.id = install.instance_id`;

/** With these joins: that instance's name; null where the address is reserved. */
export const HOLDER_NAME = Prisma.sql`coalesce(of_nic.name, of_channel.name, of_install.name)`;

/** Who holds an address, for an administrator, who may see every instance. */
export function holderText(instanceName: string | null): string {
  return instanceName === null ? "a guest" : `instance ${instanceName}`;
}
