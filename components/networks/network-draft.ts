import { linkFault, NETWORK_NAME } from "#lib/domain/network.ts";
import type { NetworkPurpose, NetworkView } from "#lib/domain/network.ts";

/** A network as it is typed. */
export interface NetworkDraft {
  readonly name: string;
  readonly purpose: NetworkPurpose;
  readonly subnet: string;
  readonly gateway: string;
  readonly subnet6: string;
  readonly gateway6: string;
  /** Addresses with spaces or commas between them. */
  readonly dns: string;
  readonly mode: "bridged" | "routed";
  readonly link: string;
}

export type NetworkField = keyof NetworkDraft;

/** What can be changed once the network is there; its subnet only while nobody has an address of it. */
export const CHANGEABLE = ["subnet", "gateway", "subnet6", "gateway6", "dns", "mode", "link"] as const satisfies readonly NetworkField[];
type Changeable = (typeof CHANGEABLE)[number];

export const EMPTY_NETWORK: NetworkDraft = { name: "", purpose: "instances", subnet: "", gateway: "", subnet6: "", gateway6: "", dns: "", mode: "bridged", link: "" };

export function draftOfNetwork(network: NetworkView): NetworkDraft {
  const { name, purpose, subnet, gateway, subnet6, gateway6, dns, mode, link } = network;
  return { name, purpose, subnet, gateway: gateway ?? "", subnet6: subnet6 ?? "", gateway6: gateway6 ?? "", dns: dns.join(", "), mode, link: link ?? "" };
}

/** Body of the request that makes the network. Guests on a channel are told of nothing but their host, so that one has a subnet alone. */
export function newNetworkBody(draft: NetworkDraft): Readonly<Record<string, unknown>> {
  const { name, purpose, subnet } = trimmed(draft);
  if (purpose === "communication") return { name, purpose, subnet };
  return { name, purpose, subnet, ...Object.fromEntries(CHANGEABLE.flatMap((field) => (isEmpty(draft, field) ? [] : [[field, sent(draft, field)]]))) };
}

/** Body of a PATCH: what was changed and nothing else. */
export function networkChanges(draft: NetworkDraft, network: NetworkView): Readonly<Partial<Record<Changeable, unknown>>> {
  const before = draftOfNetwork(network);
  return Object.fromEntries(CHANGEABLE.filter((field) => JSON.stringify(sent(draft, field)) !== JSON.stringify(sent(before, field))).map((field) => [field, sent(draft, field)]));
}

/** What is wrong with what is typed, as far as it can be said without the controller; null: nothing. */
export function draftProblem(draft: NetworkDraft): { readonly field: NetworkField; readonly text: string } | null {
  const { name, subnet, link } = trimmed(draft);
  if (name !== "" && !NETWORK_NAME.test(name)) return { field: "name", text: "Lower-case letters, digits and . _ - between them, at most 63." };
  if (subnet !== "" && !/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(subnet)) return { field: "subnet", text: "An IPv4 subnet with its length: 192.0.2.0/24." };
  const fault = link === "" ? null : linkFault(draft.mode, link);
  if (fault !== null) return { field: "link", text: `The link ${fault}.` };
  return null;
}

/** What is still missing, in words; null: nothing. */
export function missingOf(draft: NetworkDraft): string | null {
  if (draft.name.trim() === "") return "A name is missing";
  if (draft.subnet.trim() === "") return "A subnet is missing";
  return draft.purpose === "instances" && draft.mode === "bridged" && draft.link.trim() === "" ? "The name of a bridge is missing" : null;
}

/** The input that an error of the API is about; null: none of them. */
export function networkField(field: string | null): NetworkField | null {
  const name = (field ?? "").replace(/[.[].*$/, "");
  return FIELDS.find((one) => one === name) ?? null;
}

const FIELDS: readonly NetworkField[] = ["name", "purpose", ...CHANGEABLE];

function isEmpty(draft: NetworkDraft, field: Changeable): boolean {
  const value = sent(draft, field);
  return value === null || (Array.isArray(value) && value.length === 0);
}

function sent(draft: NetworkDraft, field: Changeable): string | readonly string[] | null {
  if (field === "dns") return draft.dns.split(/[\s,]+/).filter((address) => address !== "");
  const text = draft[field].trim();
  return text === "" ? null : text;
}

function trimmed(draft: NetworkDraft): Pick<NetworkDraft, "name" | "purpose" | "subnet" | "link"> {
  return { name: draft.name.trim(), purpose: draft.purpose, subnet: draft.subnet.trim(), link: draft.link.trim() };
}
