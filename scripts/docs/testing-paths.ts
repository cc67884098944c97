/** Finds what a Markdown text says of files, so that a test can see whether they are there. */

/** Something that a text names. */
export type Mention =
  /** Relative to the text's own folder. */
  | { readonly kind: "link"; readonly target: string }
  /** Relative to the checkout. */
  | { readonly kind: "path"; readonly target: string }
  /** A file's name without its folder, which stands nearby. */
  | { readonly kind: "file"; readonly target: string };

const SOURCE = "(?:ts|tsx|mjs|cjs|js|c|py)";
const FILE_NAME = new RegExp(`^[\\w.-]+\\.${SOURCE}$`);

/** @param tops names that stand at the top of the checkout: what begins with one of them is a path in it. */
export function findMentions(text: string, tops: ReadonlySet<string>): Mention[] {
  const fences = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map(([, body]) => body ?? "");
  const prose = text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, "");
  const links = [...prose.replace(/`[^`\n]+`/g, "").matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? "").filter((target) => !/^(https?:|#)/.test(target));
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].flatMap(([, span]) => (span ?? "").split(/\s+/));
  // In an example only what is run or read as a source is meant to be there.
  const commands = fences.flatMap((body) => body.split(/[\s"']+/)).filter((word) => new RegExp(`\\.${SOURCE}$`).test(word));
  return [
    ...links.map((target): Mention => ({ kind: "link", target: target.replace(/#.*$/, "") })),
    ...[...spans, ...commands].flatMap((word): Mention[] => {
      const top = /^([\w.-]+)\//.exec(word)?.[1];
      if (top !== undefined && tops.has(top) && /^[\w./[\]()@-]+$/.test(word) && !word.includes("…")) return [{ kind: "path", target: word }];
      return FILE_NAME.test(word) ? [{ kind: "file", target: word }] : [];
    }),
  ];
}
