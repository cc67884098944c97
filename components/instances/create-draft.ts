import { addedKeys } from "#components/communication/added-keys.ts";
import { newNicBody } from "#components/nics/nic-draft.ts";
import type { NicDraft } from "#components/nics/nic-draft.ts";

/** What the form of a new instance holds beside parameters, as it is typed. */
export interface CreateDraft {
  readonly name: string;
  readonly owner: string;
  readonly node: string;
  readonly vcpus: string;
  readonly memoryMib: string;
  /** GiB; the first one is the system's. */
  readonly disks: readonly string[];
  readonly nics: readonly NicDraft[];
  readonly communication: boolean;
  /** One a line. */
  readonly sshKeys: string;
  readonly start: boolean;
}

/** The part of the request that follows from a draft. Numbers that are none are left for the API to refuse by field. */
export function draftBody(draft: CreateDraft, osType: string | null) {
  const sshKeys = addedKeys(draft.sshKeys, []);
  return {
    name: draft.name,
    osType,
    ...(draft.node === "" ? {} : { node: draft.node }),
    ...(draft.owner === "" ? {} : { owner: draft.owner }),
    vcpus: Number(draft.vcpus),
    memoryMib: Number(draft.memoryMib),
    disks: draft.disks.map((gib) => ({ sizeMib: Math.round(Number(gib) * 1024) })),
    nics: draft.nics.map(newNicBody),
    ...(draft.communication ? { communication: true } : {}),
    ...(sshKeys.length === 0 ? {} : { sshKeys }),
    start: draft.start,
  };
}

export type DraftField = "name" | "owner" | "node" | "vcpus" | "memoryMib" | "disks" | "nics" | "sshKeys" | "userData";

const FIELDS: readonly DraftField[] = ["name", "owner", "node", "vcpus", "memoryMib", "disks", "nics", "sshKeys", "userData"];

/** Which input an error is about, from the field that the API names; null: none of them. */
export function draftField(field: string | null): DraftField | null {
  const first = /^[a-zA-Z]+/.exec(field ?? "")?.[0];
  return FIELDS.find((known) => known === first) ?? null;
}

/** Whether an error, by the field that the API names, is about an input that is being changed, so that it no longer holds. */
export function isAbout(field: string | null, change: Partial<CreateDraft>): boolean {
  const refused = draftField(field);
  return refused !== null && refused in change;
}
