/** The same kind of thing is told again after so long; milliseconds. */
const AGAIN_MS = 3_600_000;

const TEXTS = {
  malformed: "The guest sent requests that can't be understood; they were refused.",
  slow: "The guest took too long over requests; their connections were ended.",
  large: "The guest sent more in one request than is taken; what was too much was left out.",
  chunks: "The guest sent bodies in more small pieces than are taken; their connections were ended.",
  pipelined: "The guest sent more requests at once over one connection than are answered; the connection was ended.",
  stream: "A stream between the appliance and its node broke off.",
  unreadable: "A document that the guest asked for can't be read on the node.",
  stranger: "Requests came over the guest's interface from an address that isn't its own; they were ended.",
} as const;
export type NoticeKind = keyof typeof TEXTS;

/** What is told of one guest: each kind once in an hour, so that a flood is told once. */
export class Notices {
  readonly #toldAt = new Map<NoticeKind, number>();

  /** The text to tell, or null where it was told already. `now`: milliseconds of a clock that only goes forward. */
  tell(kind: NoticeKind, now: number): string | null {
    const told = this.#toldAt.get(kind);
    if (told !== undefined && now - told < AGAIN_MS) return null;
    this.#toldAt.set(kind, now);
    return TEXTS[kind];
  }
}
