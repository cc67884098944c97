/** What the form of a new instance holds beside parameters, as it is typed. */
export interface CreateDraft {
  readonly name: string;
  readonly owner: string;
  readonly node: string;
  readonly vcpus: string;
  readonly memoryMib: string;
  /** GiB; the first one is the system's. */
  readonly disks: readonly string[];
  readonly mac: string;
  readonly ip: string;
  readonly start: boolean;
}

/** The part of the request that follows from a draft. Numbers that are none are left for the API to refuse by field. */
export function draftBody(draft: CreateDraft, osType: string) {
  const nic = { ...(draft.mac === "" ? {} : { mac: draft.mac }), ...(draft.ip === "" ? {} : { ip: draft.ip }) };
  return {
    name: draft.name,
    osType,
    ...(draft.node === "" ? {} : { node: draft.node }),
    ...(draft.owner === "" ? {} : { owner: draft.owner }),
    vcpus: Number(draft.vcpus),
    memoryMib: Number(draft.memoryMib),
    disks: draft.disks.map((gib) => ({ sizeMib: Math.round(Number(gib) * 1024) })),
    nics: [nic],
    start: draft.start,
  };
}

export type DraftField = "name" | "owner" | "node" | "vcpus" | "memoryMib" | "disks" | "mac" | "ip";

/** Which input an error is about, from the field that the API names; null: none of them. */
export function draftField(field: string | null): DraftField | null {
  const match = /^(name|owner|node|vcpus|memoryMib|disks|nics\b.*?\.(mac|ip))/.exec(field ?? "");
  if (match === null) return null;
  switch (match[2] ?? match[1]) {
    case "name":
    case "owner":
    case "node":
    case "vcpus":
    case "memoryMib":
    case "disks":
    case "mac":
    case "ip":
      // The cases above are the type's own list.
      return (match[2] ?? match[1]) as DraftField;
    default:
      return null;
  }
}

/** Whether an error, by the field that the API names, is about an input that is being changed, so that it no longer holds. */
export function isAbout(field: string | null, change: Partial<CreateDraft>): boolean {
  const refused = draftField(field);
  return refused !== null && refused in change;
}
