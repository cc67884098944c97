import { diskSerial } from "./documents.ts";
import type { GuestView } from "./guest-view.ts";
import type { MetadataBody } from "./metadata-content.ts";
import { buildNetworkData } from "./network-data.ts";
import { Branch, json, type Mount } from "./tree.ts";

/** OpenStack's, as its compute service lists them. All tell the same here. */
const VERSIONS = ["2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2016-06-30", "2016-10-06", "2017-02-22", "2018-08-27", "2020-10-14", "latest"];

/** OpenStack's tree (design: "The service"). `userData` null: there is none, which is told by 404. */
export function buildOpenStack(view: GuestView, userData: MetadataBody | null): Mount {
  const { spec, node, keys } = view;
  const branch = new Branch({ slashes: false });
  branch.add(
    "meta_data.json",
    json({
      uuid: spec.id,
      name: spec.name,
      hostname: spec.name,
      availability_zone: node,
      launch_index: 0,
      public_keys: Object.fromEntries(keys.map(({ name, line }) => [name, `${line}\n`])),
      keys: keys.map(({ name, line }) => ({ name, type: "ssh", data: `${line}\n` })),
      meta: metaOf(spec.tags),
      devices: [
        ...spec.disks.map(({ index }) => ({ type: "disk", bus: "virtio", serial: diskSerial(index), tags: [] })),
        ...spec.nics.map(({ mac }) => ({ type: "nic", bus: "pci", mac, tags: [] })),
      ],
    }),
  );
  branch.add("network_data.json", json(buildNetworkData(view)));
  branch.add("vendor_data.json", json({}));
  branch.add("vendor_data2.json", json({}));
  if (userData !== null) branch.add("user_data", userData);
  return { at: "openstack", versions: VERSIONS, branch };
}

/**
 * Ganeti's tags are `name:value`, or a name alone. `dsmode` has a meaning of its own to cloud-init, which would go another way through
 * the boot: no tag may set it by accident.
 */
function metaOf(tags: readonly string[]): Record<string, string> {
  const pairs = tags.map((tag): [string, string] => {
    const colon = tag.indexOf(":");
    return colon < 0 ? [tag, ""] : [tag.slice(0, colon), tag.slice(colon + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== "dsmode"));
}
