import { open } from "node:fs/promises";
import { formsOf, type Form } from "./forms.ts";

/** A value planted for the test, and where it came from. */
export interface Canary {
  readonly name: string;
  readonly visibility: "private" | "secret";
  readonly value: string;
}

/** A leak: which canary, in which form, in which place. Never the value. */
export interface Find {
  readonly canary: string;
  readonly visibility: "private" | "secret";
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
  /** Every canary in a file of any size, read in pieces that overlap by the longest needle. */
  readonly scanFile: (place: string, file: string) => Promise<Find[]>;
}

const PIECE = 4 * 1024 * 1024;

export function createScanner(canaries: readonly Canary[]): Scanner {
  const needles: Needle[] = canaries.flatMap((canary) => formsOf(canary.value).map((form) => ({ canary, form })));
  const longest = Math.max(...needles.map(({ form }) => form.bytes.length));

  function scan(place: string, content: Buffer | string): Find[] {
    const haystack = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    return needles
      .filter(({ form }) => haystack.includes(form.bytes))
      .map(({ canary, form }) => ({ canary: canary.name, visibility: canary.visibility, form: form.form, place }));
  }

  async function scanFile(place: string, file: string): Promise<Find[]> {
    const finds = new Map<string, Find>();
    const handle = await open(file, "r");
    try {
      const buffer = Buffer.alloc(PIECE + longest);
      let kept = 0;
      for (;;) {
        const { bytesRead } = await handle.read(buffer, kept, PIECE, null);
        if (bytesRead === 0) break;
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
