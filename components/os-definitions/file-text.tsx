import { formatCount, plural } from "#components/format.ts";
import { Notice } from "#components/ui/notice.tsx";
import type { OsFileContentView } from "#lib/domain/os-definition-views.ts";
import { linesOf, visibleText } from "./visible-text.ts";

/** Why a file's text isn't shown. */
export const NO_TEXT: Readonly<Record<NonNullable<OsFileContentView["note"]>, string>> = {
  binary: "It isn't text. Its digest tells whether it changed.",
  "too large": "It is larger than 1 MiB. Its digest tells whether it changed.",
  "not stored": "Its content isn't stored: it was registered before contents were kept.",
};

/** The text of a file with line numbers, which stay behind when it is copied. */
export function FileText({ file }: { readonly file: OsFileContentView }) {
  if (file.text === null) return <p className="px-4 pb-4 text-soft">{file.note === null ? "There is no text to show." : NO_TEXT[file.note]}</p>;
  const lines = linesOf(file.text);
  if (lines.length === 0) return <p className="px-4 pb-4 text-soft">It is empty.</p>;
  const { text, written } = visibleText(lines.join("\n"));
  return (
    <>
      {written === 0 ? null : (
        <div className="px-4 pb-3">
          <Unseen written={written} />
        </div>
      )}
      {/* Two texts side by side, not an element a line: a file of a mebibyte has thirty thousand. */}
      <div role="group" aria-label={`Text of ${file.path}`} tabIndex={0} className="flex max-h-[72vh] overflow-auto rounded-b-md border-t border-line bg-log font-mono text-small -outline-offset-2">
        <pre aria-hidden="true" className="sticky left-0 min-h-max shrink-0 border-r border-line bg-log py-2 pr-3 pl-4 text-right font-mono text-faint select-none">
          {lines.map((_, index) => index + 1).join("\n")}
        </pre>
        <pre className="min-h-max py-2 pr-4 pl-3 font-mono">{text}</pre>
      </div>
      <p className="sr-only">{`${formatCount(lines.length)} lines`}</p>
    </>
  );
}

/** Said where characters had to be written out. */
export function Unseen({ written }: { readonly written: number }) {
  return (
    <Notice kind="wait" title={`${plural(written, "character", "characters")} that can't be seen, or that turn text around`}>
      Each is written out as ⟨U+…⟩, so that what you read is what runs.
    </Notice>
  );
}
