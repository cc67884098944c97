import Link from "next/link";
import { formatBytes } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsVersionSummary, TrustView } from "#lib/domain/os-definition-views.ts";

interface Props {
  readonly name: string;
  readonly versions: readonly OsVersionSummary[];
  readonly current: number | null;
  readonly trusted: TrustView | null;
}

/** Versions, newest first. Two of them can be chosen: the browser itself goes to the address of their diff. */
export function VersionTable({ name, versions, current, trusted }: Props) {
  const comparable = versions.length > 1;
  const [newest, before] = versions;
  return (
    <form action={paths.osDiff(name)} method="get">
      <Table label="Versions">
        <thead>
          <tr>
            {comparable ? <Th>From</Th> : null}
            {comparable ? <Th>To</Th> : null}
            <Th className="text-right">Version</Th>
            <Th>Digest</Th>
            <Th>Registered</Th>
            <Th>By</Th>
            <Th>From where</Th>
            <Th className="text-right">Size</Th>
            <Th>Files</Th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ version, digest, createdAt, registeredBy, source, sizeBytes }) => (
            <Tr key={version}>
              {comparable ? <Choice name="from" version={version} chosen={version === before?.version} /> : null}
              {comparable ? <Choice name="to" version={version} chosen={version === newest?.version} /> : null}
              <Td className="text-right">{version}</Td>
              <Td className="whitespace-nowrap">
                <Digest digest={digest} label={`digest of version ${version}`} />
                {version === current ? <span className="ml-2 text-small text-soft">current</span> : null}
                {digest === trusted?.digest ? <span className="ml-2 text-small text-bad">trusted</span> : null}
              </Td>
              <Td className="text-soft">
                <RelativeTime at={createdAt} />
              </Td>
              <Td className="max-w-[24ch] truncate">{registeredBy}</Td>
              <Td className="whitespace-nowrap text-soft">{source}</Td>
              <Td className="text-right whitespace-nowrap">{formatBytes(sizeBytes)}</Td>
              <Td>
                <Link href={paths.osFiles(name, { version })} prefetch={false} className="rounded-sm text-accent hover:underline">
                  Read<span className="sr-only"> the files of version {version}</span>
                </Link>
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      {comparable ? (
        <div className="flex flex-wrap items-center justify-end gap-3 border-t border-line px-4 py-3">
          <p className="mr-auto text-small text-soft">Choose two to see what is different between them.</p>
          <Button type="submit">Compare the two</Button>
        </div>
      ) : null}
    </form>
  );
}

function Choice({ name, version, chosen }: { readonly name: "from" | "to"; readonly version: number; readonly chosen: boolean }) {
  return (
    <Td>
      <input type="radio" name={name} value={version} defaultChecked={chosen} aria-label={`${name} version ${version}`} className="size-4 accent-accent" />
    </Td>
  );
}
