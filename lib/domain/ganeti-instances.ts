/** An instance of a Ganeti configuration, with the cluster's defaults filled in as Ganeti fills them. */
import { z } from "zod";
import { CHANNEL_MAC_PREFIX } from "./channel-address.ts";
import type { GanetiParameters } from "./ganeti-parameters.ts";
import { readGanetiParameters } from "./ganeti-parameters.ts";
import type { Fields, Remark } from "./ganeti-shapes.ts";
import { field, fieldsOf, GANETI_OS_TYPE, GANETI_UUID, matching, optionalFields, optionalList, pathOf, wholeNumber } from "./ganeti-shapes.ts";
import { INSTANCE_LIMITS, MAC, TAG } from "./instance-limits.ts";
import { INSTANCE_NAME } from "./instance.ts";
import { parseOsType } from "./os-definition.ts";

/** How Ganeti marks the NIC of the communication mechanism. */
const COMMUNICATION_NIC = "ganeti:communication:";
/** Ganeti's templates that keep a copy on a second node. */
const MIRRORED = "drbd";
const TEMPLATE = /^[a-z0-9]{1,16}$/;
/** No control characters, no halves of characters, and short enough. */
const LABEL = new RegExp(`^[^\\p{Cc}\\p{Cs}]{1,${INSTANCE_LIMITS.label}}$`, "u");
const HYPERVISOR_PARAMETER = /^[a-z][a-z0-9_]{0,63}$/;
/** A time before which nobody made a cluster, and one after which nobody has yet; seconds. */
const TIMES = { from: 1_136_073_600, to: 4_102_444_800 } as const;
const address = z.union([z.ipv4(), z.ipv6()]);

export interface GanetiDisk {
  readonly sizeMib: number;
  readonly name: string | null;
}

export interface GanetiNic {
  readonly mac: string;
  readonly ip: string | null;
  readonly mode: "bridged" | "routed";
  readonly link: string | null;
  readonly name: string | null;
}

export interface GanetiInstance {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly hypervisor: string | null;
  /** Null: it has no OS definition. */
  readonly os: { readonly name: string; readonly variant: string | null } | null;
  readonly nodeId: string;
  readonly adminState: "running" | "stopped";
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly disks: readonly GanetiDisk[];
  readonly nics: readonly GanetiNic[];
  readonly tags: readonly string[];
  readonly communication: boolean;
  /** Seconds since 1970; null: not known. */
  readonly createdAt: number | null;
  readonly parameters: GanetiParameters["parameters"];
  /** What is lost of it if it is brought. */
  readonly remarks: readonly Remark[];
}

export interface InstancePlace {
  readonly key: string;
  readonly index: number;
  readonly disks: Fields;
  readonly networks: Fields;
  readonly beparams: Fields;
  readonly nicparams: Fields;
}

/** The instance, or what stands against reading it. */
export function readInstance(value: unknown, place: InstancePlace): { readonly instance: GanetiInstance | null; readonly remarks: readonly Remark[] } {
  const path = pathOf("instances", place.key, place.index);
  const fields = fieldsOf(value);
  const name = fields === null ? null : matching(field(fields, "name"), INSTANCE_NAME);
  const remarks: Remark[] = [];
  const remark = (lost: Remark["lost"], where: string, reason: string, detail: string | null = null): null => {
    remarks.push({ subject: "instance", name, path: where === "" ? path : `${path}.${where}`, reason, detail, lost });
    return null;
  };
  const cannot = (where: string, reason: string): { readonly instance: null; readonly remarks: readonly Remark[] } => {
    remark("all", where, reason);
    return { instance: null, remarks: remarks.filter(({ lost }) => lost === "all") };
  };
  if (fields === null || name === null) return cannot("", "It has no name that an instance can have: a host name in lower case.");
  const id = matching(place.key, GANETI_UUID);
  const own = field(fields, "uuid");
  if (id === null || (own !== undefined && own !== id)) return cannot("uuid", "It has no uuid, or two.");
  if (field(fields, "forthcoming") === true) return cannot("forthcoming", "It is only planned: nothing of it is there yet.");
  const nodeId = matching(field(fields, "primary_node"), GANETI_UUID);
  if (nodeId === null) return cannot("primary_node", "It has no node.");

  const size = readSize(fields, place.beparams, remark);
  const disks = readDisks(fields, place.disks, remark);
  const nics = readNics(fields, place, remark);
  const os = readOs(fields);
  if (os === undefined) remark("all", "os", "Its OS definition has a name that can't be used.");
  if (size === null || disks === null || nics === null || os === undefined) return { instance: null, remarks: remarks.filter(({ lost }) => lost === "all") };

  const { parameters, losses } = readGanetiParameters(field(fields, "osparams"), field(fields, "osparams_private"));
  for (const loss of losses) remark("part", "osparams", loss.reason, loss.name);
  if (os === null) remark("part", "os", "It has no OS definition: a reinstall names one.");
  const adminState = readAdminState(fields);
  if (adminState === "offline") remark("part", "admin_state", "It is marked offline; here it is stopped.");
  const hvparams = Object.keys(optionalFields(fields, "hvparams") ?? {}).filter((key) => HYPERVISOR_PARAMETER.test(key));
  if (hvparams.length > 0) remark("part", "hvparams", "Its own hypervisor parameters are not brought.", hvparams.slice(0, 32).join(", "));
  const createdAt = field(fields, "ctime");
  return {
    instance: {
      id,
      name,
      path,
      hypervisor: matching(field(fields, "hypervisor"), /^[a-z-]{1,32}$/),
      os,
      nodeId,
      adminState: adminState === "up" ? "running" : "stopped",
      ...size,
      disks,
      nics: nics.list,
      tags: readTags(fields, remark),
      communication: nics.communication,
      createdAt: typeof createdAt === "number" && createdAt >= TIMES.from && createdAt <= TIMES.to ? createdAt : null,
      parameters,
      remarks,
    },
    remarks: [],
  };
}

type Note = (lost: Remark["lost"], where: string, reason: string, detail?: string | null) => null;

/** `memory` is what `maxmem` and `minmem` were before they were two. */
function readSize(fields: Fields, defaults: Fields, remark: Note): { readonly vcpus: number; readonly memoryMib: number } | null {
  const own = optionalFields(fields, "beparams");
  if (own === null) return remark("all", "beparams", "Its sizes can't be read.");
  const filled = (name: string): unknown => field(own, name) ?? field(defaults, name);
  const { memoryMib: memory, vcpus: most } = INSTANCE_LIMITS;
  const vcpus = wholeNumber(filled("vcpus"), 1, most);
  const memoryMib = wholeNumber(field(own, "memory") ?? filled("maxmem") ?? field(defaults, "memory"), memory.min, memory.max);
  if (vcpus === null) return remark("all", "beparams.vcpus", `It has no number of CPUs between 1 and ${most}.`);
  if (memoryMib === null) return remark("all", "beparams.maxmem", `It has no memory between ${memory.min} and ${memory.max} MiB.`);
  const least = filled("minmem");
  if (field(own, "memory") === undefined && typeof least === "number" && least < memoryMib) remark("part", "beparams.minmem", "Its memory can shrink to a minimum; here it has its maximum.");
  return { vcpus, memoryMib };
}

/** Ids of disks that stand beside the instances; in the older versions the disks themselves. */
function readDisks(fields: Fields, known: Fields, remark: Note): GanetiDisk[] | null {
  const list = optionalList(fields, "disks", INSTANCE_LIMITS.disks);
  if (list === null) return remark("all", "disks", `Its disks are not a list, or are more than ${INSTANCE_LIMITS.disks}.`);
  const templates = new Set<string>();
  const seen = new Set<unknown>();
  const disks: GanetiDisk[] = [];
  for (const [index, entry] of list.entries()) {
    const disk = typeof entry === "string" ? fieldsOf(field(known, entry)) : fieldsOf(entry);
    if (disk === null || seen.has(entry)) return remark("all", `disks[${index}]`, "A disk of it is not in the file, or is there twice.");
    seen.add(entry);
    const sizeMib = wholeNumber(field(disk, "size"), INSTANCE_LIMITS.diskMib.min, INSTANCE_LIMITS.diskMib.max);
    if (sizeMib === null) return remark("all", `disks[${index}].size`, `A disk of it has no size between ${INSTANCE_LIMITS.diskMib.min} and ${INSTANCE_LIMITS.diskMib.max} MiB.`);
    templates.add(matching(field(disk, "dev_type"), TEMPLATE) ?? "unknown");
    disks.push({ sizeMib, name: readLabel(field(disk, "name"), `disks[${index}].name`, remark) });
  }
  if (disks.length === 0) remark("part", "disks", "It has no disk: nothing can be installed on it.");
  else remark("part", "disks", "What is on its disks stays where it is; a reinstall fills a new first disk.", [...templates].toSorted().join(", "));
  if (templates.has(MIRRORED)) remark("part", "disks", "The copy on its second node is not kept here.");
  return disks;
}

function readNics(fields: Fields, place: InstancePlace, remark: Note): { readonly list: GanetiNic[]; readonly communication: boolean } | null {
  // One more than ours: the NIC of the communication mechanism isn't an ordinary one here.
  const list = optionalList(fields, "nics", INSTANCE_LIMITS.nics + 1);
  if (list === null) return remark("all", "nics", `Its NICs are not a list, or are more than ${INSTANCE_LIMITS.nics}.`);
  const nics: GanetiNic[] = [];
  let communication = false;
  for (const [index, entry] of list.entries()) {
    const nic = fieldsOf(entry);
    if (nic === null) return remark("all", `nics[${index}]`, "A NIC of it can't be read.");
    const name = field(nic, "name");
    if (typeof name === "string" && name.startsWith(COMMUNICATION_NIC)) {
      communication = true;
      continue;
    }
    const mac = field(nic, "mac");
    const ownMac = typeof mac === "string" && mac.length === 17 ? matching(mac.toLowerCase(), MAC) : null;
    if (ownMac === null) return remark("all", `nics[${index}].mac`, "A NIC of it has no MAC address.");
    if (ownMac.startsWith(`${CHANNEL_MAC_PREFIX}:`)) return remark("all", `nics[${index}].mac`, "A NIC of it has a MAC address that is kept for the communication mechanism.");
    if (nics.some((other) => other.mac === ownMac)) return remark("all", `nics[${index}].mac`, "Two NICs of it have one MAC address.");
    nics.push({ mac: ownMac, name: readLabel(name, `nics[${index}].name`, remark), ...readNetwork(nic, index, place, remark) });
  }
  if (nics.length > INSTANCE_LIMITS.nics) return remark("all", "nics", `Its NICs are not a list, or are more than ${INSTANCE_LIMITS.nics}.`);
  return { list: nics, communication };
}

function readNetwork(nic: Fields, index: number, place: InstancePlace, remark: Note): Pick<GanetiNic, "ip" | "mode" | "link"> {
  const at = `nics[${index}]`;
  const own = optionalFields(nic, "nicparams") ?? {};
  const filled = (name: string): unknown => field(own, name) ?? field(place.nicparams, name);
  const mode = filled("mode");
  if (mode !== "bridged" && mode !== "routed") remark("part", `${at}.nicparams.mode`, "A NIC of it has a mode that isn't here; it is brought as bridged.", matching(mode, TEMPLATE));
  const vlan = filled("vlan");
  if (vlan !== undefined && vlan !== null && vlan !== "") remark("part", `${at}.nicparams.vlan`, "The VLAN of a NIC is not brought.", `NIC ${index}`);
  const network = field(nic, "network");
  if (network !== undefined && network !== null) remark("part", `${at}.network`, "A NIC of it is in a network; its link and address are brought, the network isn't.", networkName(network, place.networks));
  const ip = field(nic, "ip");
  const given = ip !== undefined && ip !== null && ip !== "";
  const parsed = given && typeof ip === "string" && ip.length <= 45 ? address.safeParse(ip) : null;
  if (given && parsed?.success !== true) remark("part", `${at}.ip`, "A NIC of it has an IP address that can't be read.", `NIC ${index}`);
  return { ip: parsed?.success === true ? parsed.data : null, mode: mode === "routed" ? "routed" : "bridged", link: readLabel(filled("link"), `${at}.nicparams.link`, remark) };
}

function networkName(id: unknown, networks: Fields): string | null {
  const network = typeof id === "string" ? fieldsOf(field(networks, id)) : null;
  return network === null ? null : matching(field(network, "name"), LABEL);
}

function readLabel(value: unknown, where: string, remark: Note): string | null {
  if (value === undefined || value === null || value === "") return null;
  return matching(value, LABEL) ?? remark("part", where, `The name of a disk, NIC or link of it has control characters, or more than ${INSTANCE_LIMITS.label}.`);
}

/** Undefined: it has one whose name can't be. */
function readOs(fields: Fields): GanetiInstance["os"] | undefined {
  const os = field(fields, "os");
  if (os === undefined || os === null || os === "") return null;
  const osType = matching(os, GANETI_OS_TYPE);
  return osType === null ? undefined : parseOsType(osType);
}

/** Before 2.6 it was a flag. */
function readAdminState(fields: Fields): "up" | "down" | "offline" {
  const state = field(fields, "admin_state");
  if (state === "up" || state === "offline") return state;
  return state === undefined && field(fields, "admin_up") === true ? "up" : "down";
}

function readTags(fields: Fields, remark: Note): string[] {
  const list = optionalList(fields, "tags", 4_096);
  const tags = [...new Set((list ?? []).flatMap((tag) => matching(tag, TAG) ?? []))];
  if (list === null || tags.length < list.length || tags.length > INSTANCE_LIMITS.tags) remark("part", "tags", `It has tags that can't be used, or more than ${INSTANCE_LIMITS.tags}.`);
  return tags.slice(0, INSTANCE_LIMITS.tags);
}
