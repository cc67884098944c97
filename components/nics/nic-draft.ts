import type { NicView } from "#lib/domain/instance.ts";

/** A NIC as it is typed. */
export interface NicDraft {
  /** What it is connected to; `network`: the one that `network` names. */
  readonly to: "user" | "network" | "bridged" | "routed";
  readonly network: string;
  /** A bridge, or a routing table. */
  readonly link: string;
  readonly ip: string;
  /** Ports with commas between them. */
  readonly forwards: string;
  /** Only of a new one; empty: one is made. */
  readonly mac: string;
}

export const NEW_NIC: NicDraft = { to: "user", network: "", link: "", ip: "", forwards: "22", mac: "" };

export function draftOfNic({ network, mode, link, ip, forwards }: NicView): NicDraft {
  const to = network !== null ? "network" : mode === "bridged" || mode === "routed" ? mode : "user";
  return { ...NEW_NIC, to, network: network ?? "", link: link ?? "", ip: ip ?? "", forwards: forwards.join(", ") };
}

/** Ports of a text; one that isn't any is left for the API to refuse by field. */
export function portsOf(text: string): readonly number[] {
  return text.split(/[\s,]+/).filter((part) => part !== "").map(Number);
}

/** A NIC of a request for a new instance. */
export function newNicBody(draft: NicDraft) {
  return { ...connectionBody(draft), ...(draft.mac.trim() === "" ? {} : { mac: draft.mac.trim() }) };
}

/**
 * A NIC in the whole list of a change. What isn't on the form stays as it is: its name, and in a network that it stays in, how it is
 * connected there.
 */
export function changedNicBody(draft: NicDraft, before: NicView | undefined) {
  const stays = draft.to === "network" && before?.network === draft.network;
  const name = before?.name ?? null;
  return {
    ...connectionBody(draft),
    ...(stays ? { mode: before.mode, ...(before.link === null ? {} : { link: before.link }) } : {}),
    ...(name === null ? {} : { name }),
  };
}

/** Whether the list would be another one. */
export function areNicsChanged(drafts: readonly NicDraft[], nics: readonly NicView[]): boolean {
  return JSON.stringify(drafts.map((draft, index) => changedNicBody(draft, nics[index]))) !== JSON.stringify(nics.map((nic) => changedNicBody(draftOfNic(nic), nic)));
}

/** What is missing or wrong with a NIC, in words; null: nothing that is known here. */
export function nicProblem(draft: NicDraft): string | null {
  if (draft.to === "network" && draft.network === "") return "The name of a network is missing";
  if (draft.to === "bridged" && draft.link.trim() === "") return "The name of a bridge is missing";
  if (draft.to === "routed" && draft.ip.trim() === "") return "A routed NIC needs an address";
  if (draft.to === "user" && portsOf(draft.forwards).some((port) => !Number.isInteger(port) || port < 1 || port > 65_535)) return "Ports are numbers from 1 to 65535";
  return null;
}

export type NicField = Exclude<keyof NicDraft, "to"> | "mode";

/** The NIC and the input that an error of the API is about: `nics[1].ip`; null: none of them. */
export function nicField(field: string | null): { readonly index: number; readonly field: NicField | null } | null {
  const match = /^nics\[(\d)\](?:\.(network|mode|link|ip|forwards|mac))?/.exec(field ?? "");
  if (match === null) return null;
  // The alternatives above are the type's own list.
  return { index: Number(match[1]), field: (match[2] as NicField | undefined) ?? null };
}

function connectionBody({ to, network, link, ip, forwards }: NicDraft) {
  const address = ip.trim() === "" ? {} : { ip: ip.trim() };
  const named = link.trim() === "" ? {} : { link: link.trim() };
  switch (to) {
    case "user":
      return { mode: "user", ...address, forwards: portsOf(forwards) };
    case "network":
      return { network, ...address };
    case "bridged":
    case "routed":
      return { mode: to, ...named, ...address };
  }
}
