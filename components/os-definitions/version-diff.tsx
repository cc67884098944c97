import Link from "next/link";
import type { ReactNode } from "react";
import { formatBytes, formatCount, plural } from "#components/format.ts";
import { TitledCard } from "#components/ui/card.tsx";
import { classes } from "#components/ui/classes.ts";
import { Mono } from "#components/ui/mono.tsx";
import type { FileDiff, VersionDiff } from "#lib/domain/os-definition-views.ts";
import { modeText } from "./definition-files.tsx";
import { countLines, diffLines, isEmptyDiff, shareLines, unseenIn } from "./diff-lines.ts";
import { NO_TEXT, Unseen } from "./file-text.tsx";
import { partOf } from "./halves.ts";
import { ParameterChanges } from "./parameter-changes.tsx";

/** Everything that is different between two versions: what it asks for, then files with their lines. */
export function VersionDiffView({ diff, hrefOf }: { readonly diff: VersionDiff; readonly hrefOf: ((path: string, side: "from" | "to") => string) | null }) {
  if (isEmptyDiff(diff)) return <p className="rounded-md border border-line bg-panel px-4 py-6 text-center text-soft">The two hold the same.</p>;
  const shares = shareLines(diff.files.map(({ hunks }) => (hunks ?? []).reduce((sum, { lines }) => sum + lines.length, 0)));
  const unseen = unseenIn(diff);
  return (
    <div className="flex flex-col gap-5">
      {unseen === 0 ? null : <Unseen written={unseen} />}
      <Declared diff={diff} />
      {diff.files.map((file, index) => (
        <FileDiffCard key={file.path} file={file} lines={shares[index] ?? 0} href={hrefOf?.(file.path, file.after === null ? "from" : "to") ?? null} />
      ))}
    </div>
  );
}

function Declared({ diff }: { readonly diff: VersionDiff }) {
  const { added, removed } = diff.variants;
  if (added.length + removed.length + diff.manifest.length + diff.parameters.length === 0) return null;
  return (
    <TitledCard title="What it declares">
      <dl className="grid grid-cols-[minmax(96px,max-content)_minmax(0,1fr)] gap-x-6 gap-y-2 px-4 pb-4">
        {added.length === 0 ? null : <Fact name="Variants added">{added.join(", ")}</Fact>}
        {removed.length === 0 ? null : <Fact name="Variants removed">{removed.join(", ")}</Fact>}
        {diff.manifest.length === 0 ? null : <Fact name="Changed">{diff.manifest.map((member) => MEMBERS[member] ?? member).join(", ")}</Fact>}
      </dl>
      {diff.parameters.length === 0 ? null : <ParameterChanges changes={diff.parameters} />}
    </TitledCard>
  );
}

/** Members of the manifest, in words. */
const MEMBERS: Readonly<Record<string, string>> = {
  hostScripts: "scripts of the host half",
  untrustedScripts: "scripts of the untrusted half",
  minimumDiskMib: "least disk",
  minimumMemoryMib: "least memory",
  bootMarker: "what its first boot says",
  imageUse: "use of its image",
  carriedImage: "the image that it carries",
  defaultImage: "default disk image",
  installParameters: "installation parameters",
};

function Fact({ name, children }: { readonly name: string; readonly children: string }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 wrap-anywhere">{children}</dd>
    </>
  );
}

const CHANGES: Readonly<Record<FileDiff["change"], string>> = { added: "added", removed: "removed", changed: "changed", mode: "mode changed" };

function FileDiffCard({ file, lines, href }: { readonly file: FileDiff; readonly lines: number; readonly href: string | null }) {
  const { added, removed } = countLines(file.hunks ?? []);
  return (
    <section aria-label={file.path} className="min-w-0 rounded-md border border-line bg-panel">
      <details open className="group">
        <summary className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-0.5 rounded-md px-4 py-2 -outline-offset-2 hover:bg-hover">
          <Mono className="font-medium wrap-anywhere">{file.path}</Mono>
          <span className={classes("text-small", file.change === "removed" ? "text-bad" : file.change === "added" ? "text-ok" : "text-soft")}>{CHANGES[file.change]}</span>
          <span className="text-small text-soft">{partOf(file.path)}</span>
          <span className="ml-auto text-small whitespace-nowrap text-soft">
            {added + removed === 0 ? null : (
              <>
                <span className="text-ok">+{formatCount(added)}</span> <span className="text-bad">−{formatCount(removed)}</span>
              </>
            )}
            {modes(file)}
          </span>
        </summary>
        <FileBody file={file} lines={lines} />
        {href === null ? null : (
          <p className="border-t border-line px-4 py-2 text-small">
            <Link href={href} prefetch={false} className="rounded-sm text-accent hover:underline">
              The whole file
            </Link>
          </p>
        )}
      </details>
    </section>
  );
}

function modes({ before, after }: FileDiff): string | null {
  if (before === null || after === null || before.mode === after.mode) return null;
  return ` ${modeText(before.mode)} → ${modeText(after.mode)}`;
}

function FileBody({ file, lines: most }: { readonly file: FileDiff; readonly lines: number }) {
  if (file.hunks === null) {
    const sizes = [file.before, file.after].flatMap((side) => (side === null ? [] : [formatBytes(side.size)])).join(" → ");
    return <p className="border-t border-line px-4 py-3 text-soft">{`${sizes}. ${file.note === null ? "There are no lines to compare." : NO_TEXT[file.note]}`}</p>;
  }
  if (file.hunks.length === 0) return <p className="border-t border-line px-4 py-3 text-soft">Its text is the same.</p>;
  const rows = file.hunks.flatMap((hunk, index) => [...(index === 0 ? [] : [null]), ...diffLines(hunk)]);
  const shown = rows.slice(0, most);
  return (
    <>
      <div role="group" aria-label={`Lines of ${file.path}`} tabIndex={0} className="max-h-[72vh] overflow-auto border-t border-line bg-log -outline-offset-2">
        <table className="w-full border-collapse font-mono text-small">
          <caption className="sr-only">Lines of {file.path}</caption>
          <tbody>
            {shown.map((line, index) => (line === null ? <Gap key={index} /> : <Line key={index} {...line} />))}
          </tbody>
        </table>
      </div>
      {shown.length < rows.length ? <p className="border-t border-line px-4 py-2 text-small text-soft">{plural(rows.length - shown.length, "further line isn't shown.", "further lines aren't shown.")}</p> : null}
    </>
  );
}

const GROUND = { same: "", added: "bg-ok-soft", removed: "bg-bad-soft" } as const;
const SIGN = { same: "", added: "+", removed: "−" } as const;

function Line({ before, after, change, text }: ReturnType<typeof diffLines>[number]) {
  return (
    <tr className={GROUND[change]}>
      <Number>{before}</Number>
      <Number>{after}</Number>
      <td aria-label={change === "same" ? undefined : change} className={classes("w-5 pl-2 select-none", change === "added" && "text-ok", change === "removed" && "text-bad")}>
        {SIGN[change]}
      </td>
      <td className="pr-4 whitespace-pre">{text}</td>
    </tr>
  );
}

function Number({ children }: { readonly children: ReactNode }) {
  return <td className="w-px px-2 text-right align-top whitespace-nowrap text-faint select-none">{children}</td>;
}

function Gap() {
  return (
    <tr>
      <td colSpan={4} className="border-y border-line px-3 text-faint select-none">
        …
      </td>
    </tr>
  );
}
