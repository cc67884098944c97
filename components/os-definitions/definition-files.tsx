import Link from "next/link";
import type { ReactNode } from "react";
import { formatBytes, plural } from "#components/format.ts";
import { TitledCard } from "#components/ui/card.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import type { OsFileView } from "#lib/domain/os-definition-views.ts";
import { halvesOf, isScript } from "./halves.ts";

interface Props {
  readonly files: readonly OsFileView[];
  /** What is said of where the host half runs. */
  readonly hostNote: ReactNode;
  /** Address of a file's text; null: it has none yet. */
  readonly hrefOf: ((path: string) => string) | null;
  readonly current?: string | null;
}

/** Every file of a version by half, scripts first. */
export function DefinitionFiles({ files, hostNote, hrefOf, current = null }: Props) {
  const { host, untrusted } = halvesOf(files);
  return (
    <div className="flex flex-col gap-5">
      <TitledCard title="Untrusted half" aside={untrusted.length === 0 ? undefined : `${plural(untrusted.length, "file", "files")}, in the appliance only`}>
        {untrusted.length === 0 ? <p className="px-4 pb-4 text-soft">There is no untrusted/ folder.</p> : <FileTable label="Untrusted half" files={untrusted} hrefOf={hrefOf} current={current} />}
      </TitledCard>
      <TitledCard title="Host half and description" aside={hostNote}>
        {host.length === 0 ? <p className="px-4 pb-4 text-soft">There are no files outside untrusted/.</p> : <FileTable label="Host half and description" files={host} hrefOf={hrefOf} current={current} />}
      </TitledCard>
    </div>
  );
}

function FileTable({ label, files, hrefOf, current }: { readonly label: string } & Required<Pick<Props, "files" | "hrefOf" | "current">>) {
  return (
    <Table label={label}>
      <thead>
        <tr>
          <Th>File</Th>
          <Th className="text-right">Mode</Th>
          <Th className="text-right">Size</Th>
          <Th>Digest</Th>
        </tr>
      </thead>
      <tbody>
        {files.map(({ path, mode, size, digest }) => (
          <Tr key={path} className={path === current ? "bg-accent-soft hover:bg-accent-soft" : ""}>
            <Td className="w-full whitespace-nowrap">
              <FileName path={path} href={hrefOf?.(path) ?? null} current={path === current} />
              {isScript({ path, mode }) ? <span className="ml-2 text-small text-soft">script</span> : null}
            </Td>
            <Td className="text-right">
              <Mono>{modeText(mode)}</Mono>
            </Td>
            <Td className="text-right whitespace-nowrap">{formatBytes(size)}</Td>
            <Td>
              <Digest digest={digest} label={`digest of ${path}`} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function FileName({ path, href, current }: { readonly path: string; readonly href: string | null; readonly current: boolean }) {
  if (href === null) return <Mono>{path}</Mono>;
  return (
    <Link href={href} prefetch={false} aria-current={current ? "true" : undefined} className="rounded-sm hover:text-accent hover:underline">
      <Mono>{path}</Mono>
    </Link>
  );
}

/** `0755` */
export function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, "0");
}
