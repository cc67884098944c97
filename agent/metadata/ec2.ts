import { isIPv6 } from "node:net";
import type { NicSpec } from "#lib/agent-protocol/messages.ts";
import { type GuestView, prefixLength } from "./guest-view.ts";
import type { MetadataBody } from "./metadata-content.ts";
import { Branch, json, type Mount, text } from "./tree.ts";

/** What EC2 answers to; programs ask for the one that they were written for. All tell the same here. */
const VERSIONS = [
  "1.0",
  "2007-01-19",
  "2007-03-01",
  "2007-08-29",
  "2007-10-10",
  "2007-12-15",
  "2008-02-01",
  "2008-09-01",
  "2009-04-04",
  "2011-01-01",
  "2011-05-01",
  "2012-01-12",
  "2014-02-25",
  "2014-11-05",
  "2015-10-20",
  "2016-04-19",
  "2016-06-30",
  "2016-09-02",
  "2018-03-28",
  "2018-08-17",
  "2018-09-24",
  "2019-10-01",
  "2020-10-27",
  "2021-01-03",
  "2021-03-23",
  "2021-07-15",
  "2022-07-09",
  "2022-09-24",
  "latest",
];

/** EC2's kind of name for an instance: `i-` and 17 hex digits. */
export function ec2InstanceId(id: string): string {
  return `i-${id.replaceAll("-", "").slice(0, 17)}`;
}

/** EC2 has no word for where an instance's system comes from if it isn't one of its images; programs only look whether it is there. */
const IMAGE_ID = "ami-00000000000000000";

/**
 * EC2's tree (design: "The service"). `userData` null: there is none, which EC2 tells by 404; a body of kind `later`: it isn't known
 * yet. Nothing is signed, so the documents that would hold a signature aren't there.
 */
export function buildEc2({ spec, node, channelMac, keys }: GuestView, userData: MetadataBody | null): Mount {
  const branch = new Branch({ slashes: false });
  const add = (path: string, value: string): void => {
    branch.add(`meta-data/${path}`, text(value));
  };
  const instanceType = `${String(spec.vcpus)}-${String(spec.memoryMib)}`;
  const [firstNic] = spec.nics;
  const localIp = firstNic?.ip ?? null;
  const dot = spec.name.indexOf(".");

  add("ami-id", IMAGE_ID);
  add("ami-launch-index", "0");
  add("ami-manifest-path", "(unknown)");
  add("hostname", spec.name);
  add("local-hostname", spec.name);
  add("instance-action", "none");
  add("instance-id", ec2InstanceId(spec.id));
  add("instance-life-cycle", "on-demand");
  add("instance-type", instanceType);
  if (localIp !== null && !isIPv6(localIp)) add("local-ipv4", localIp);
  if (localIp !== null && isIPv6(localIp)) add("ipv6", localIp);
  add("mac", firstNic?.mac ?? channelMac);
  add("placement/availability-zone", node);
  add("placement/region", spec.cluster);
  add("reservation-id", `r-${spec.id.replaceAll("-", "").slice(0, 17)}`);
  add("security-groups", "default");
  add("services/domain", dot < 0 ? "" : spec.name.slice(dot + 1));
  add("services/partition", "slipway");
  for (const [index, { line }] of keys.entries()) add(`public-keys/${String(index)}/openssh-key`, `${line}\n`);
  if (keys.length > 0) branch.setListing("meta-data/public-keys", keys.map(({ name }, index) => `${String(index)}=${name}`));
  for (const nic of spec.nics) addNic(add, nic, spec.name);
  const channel = `network/interfaces/macs/${channelMac}`;
  add(`${channel}/device-number`, String(spec.nics.length));
  add(`${channel}/mac`, channelMac);
  if (spec.channelIp !== null) {
    add(`${channel}/local-ipv4s`, spec.channelIp);
    add(`${channel}/subnet-ipv4-cidr-block`, "169.254.0.0/16");
  }
  addTags(add, spec.tags);
  if (userData !== null) branch.add("user-data", userData);
  branch.add(
    "dynamic/instance-identity/document",
    json({
      accountId: spec.cluster,
      architecture: "x86_64",
      availabilityZone: node,
      billingProducts: null,
      devpayProductCodes: null,
      marketplaceProductCodes: null,
      imageId: IMAGE_ID,
      instanceId: ec2InstanceId(spec.id),
      instanceType,
      kernelId: null,
      pendingTime: null,
      privateIp: localIp,
      ramdiskId: null,
      region: spec.cluster,
      version: "2017-09-30",
    }),
  );
  return { at: "", versions: VERSIONS, branch };
}

function addNic(add: (path: string, value: string) => void, { mac, index, ip, network }: NicSpec, name: string): void {
  const at = `network/interfaces/macs/${mac}`;
  add(`${at}/device-number`, String(index));
  add(`${at}/local-hostname`, name);
  add(`${at}/mac`, mac);
  if (ip !== null) add(`${at}/${isIPv6(ip) ? "ipv6s" : "local-ipv4s"}`, ip);
  if (network === null) return;
  add(`${at}/subnet-ipv4-cidr-block`, canonicalSubnet(network.subnet));
  if (network.subnet6 !== null) add(`${at}/subnet-ipv6-cidr-blocks`, network.subnet6);
}

/** A subnet by its first address: what was stored may be written with another. */
function canonicalSubnet(subnet: string): string {
  const bits = prefixLength(subnet);
  const bytes = subnet.slice(0, subnet.indexOf("/")).split(".").map(Number);
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const first = address - (address % 2 ** (32 - bits));
  return `${[24, 16, 8, 0].map((shift) => String(Math.floor(first / 2 ** shift) % 256)).join(".")}/${String(bits)}`;
}

/** EC2's tags have names and values, Ganeti's `name:value` or a name alone. What can't be a name in a path isn't shown here. */
function addTags(add: (path: string, value: string) => void, tags: readonly string[]): void {
  for (const tag of tags) {
    const colon = tag.indexOf(":");
    const name = colon < 0 ? tag : tag.slice(0, colon);
    if (/^[A-Za-z0-9_.+@-]+$/.test(name) && name !== "." && name !== "..") add(`tags/instance/${name}`, colon < 0 ? "" : tag.slice(colon + 1));
  }
}
