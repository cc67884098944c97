import { open } from "node:fs/promises";
import { formsOf, type Form } from "./forms.ts";

/** A value planted for the test, and where it came from. Public ones prove that a place was really read. */
export interface Canary {
  readonly name: string;
  readonly visibility: "public" | "private" | "secret";
  readonly value: string;
}

/** Which canary, in which form, in which place. Never the value. A leak, unless the canary is a public one. */
export interface Find {
  readonly canary: string;
  readonly visibility: Canary["visibility"];
  readonly form: Form["form"];
  readonly place: string;
}

interface Needle {
  readonly canary: Canary;
  readonly form: Form;
}

export interface Scanner {
  /** Every canary in a piece of memory. */
  readonly scan: (place: string, content: Buffer | string) => Find[];
  /** Every canary in a file of any size, read in pieces that overlap by the longest needle; tells `onBytes` of each piece. */
  readonly scanFile: (place: string, file: string, onBytes?: (bytes: number) => void) => Promise<Find[]>;
}

const PIECE = 4 * 1024 * 1024;

/**
 * @param marker a text that every value holds: where none of its forms is, none of theirs can be, and one look at a large file
 *   is enough for all of them.
 */
export function createScanner(canaries: readonly Canary[], marker?: string): Scanner {
  if (marker !== undefined && canaries.some(({ value }) => !value.includes(marker))) throw new RangeError("a canary is without the marker");
  const needles: Needle[] = canaries.flatMap((canary) => formsOf(canary.value).map((form) => ({ canary, form })));
  const longest = Math.max(...needles.map(({ form }) => form.bytes.length));
  const marks = marker === undefined ? null : formsOf(marker).map(({ bytes }) => bytes);

  function scan(place: string, content: Buffer | string): Find[] {
    const haystack = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    if (marks?.some((mark) => haystack.includes(mark)) === false) return [];
    return needles
      .filter(({ form }) => haystack.includes(form.bytes))
      .map(({ canary, form }) => ({ canary: canary.name, visibility: canary.visibility, form: form.form, place }));
  }

  async function scanFile(place: string, file: string, onBytes: (bytes: number) => void = () => undefined): Promise<Find[]> {
    const finds = new Map<string, Find>();
    const handle = await open(file, "r");
    try {
      const buffer = Buffer.alloc(PIECE + longest);
      let kept = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, kept, PIECE, null);
        if (bytesRead === 0) break;
        onBytes(bytesRead);
        const filled = kept + bytesRead;
        for (const find of scan(place, buffer.subarray(0, filled))) finds.set(`${find.canary} ${find.form}`, find);
        kept = Math.min(longest, filled);
        buffer.copy(buffer, 0, filled - kept, filled);
      }
    } finally {
      await handle.close();
    }
    return [...finds.values()];
  }

  return { scan, scanFile };
}
