import type { Metadata } from "next";
import type { ReactNode } from "react";
import { formatBytes, plural } from "#components/format.ts";
import { DefinitionFiles, modeText } from "#components/os-definitions/definition-files.tsx";
import { FileText } from "#components/os-definitions/file-text.tsx";
import { loadDefinition } from "#components/os-definitions/load-definition.ts";
import { TrustOf } from "#components/os-definitions/trust.tsx";
import { hostRuns, listed } from "#components/os-definitions/trust-effect.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { queryNumber, queryText } from "#components/page/query.ts";
import type { SearchParams } from "#components/page/query.ts";
import { paths } from "#components/paths.ts";
import { ButtonLink } from "#components/ui/button.tsx";
import { Card } from "#components/ui/card.tsx";
import { EmptyState } from "#components/ui/empty-state.tsx";
import { Digest } from "#components/ui/mono.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { OsVersionDetail, TrustView } from "#lib/domain/os-definition-views.ts";
import { getVersion } from "#lib/os-definitions/get-version.ts";
import { readFile } from "#lib/os-definitions/read-file.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
  readonly searchParams: SearchParams;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Files of ${decodeURIComponent((await params).name)}` };
}

export default function OsFilesPage({ params, searchParams }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const definition = await loadDefinition((await params).name);
    const sent = await searchParams;
    const number = queryNumber(sent["version"]) ?? definition.version;
    if (number === null) {
      return (
        <Card>
          <EmptyState title="No version yet" />
        </Card>
      );
    }
    const version = await getVersion(ctx, definition.name, number);
    const path = queryText(sent["file"], 1_000);
    const file = path === undefined || !version.files.some((one) => one.path === path) ? null : await readFile(ctx, definition.name, number, path);
    const isCurrent = number === definition.version;
    const pinned = isCurrent ? {} : { version: number };
    return (
      <div className="flex flex-col gap-5">
        {isCurrent ? null : (
          <Notice kind="info" title={`Files of version ${number}, which isn’t the current one`}>
            <span className="mt-2 flex flex-wrap gap-2">
              <ButtonLink href={paths.osFiles(definition.name, path === undefined ? {} : { file: path })}>Files of version {definition.version}</ButtonLink>
              {definition.version === null ? null : <ButtonLink href={paths.osDiff(definition.name, { from: number, to: definition.version })}>What changed since</ButtonLink>}
            </span>
          </Notice>
        )}
        {path !== undefined && file === null ? <Notice kind="wait" title={`Version ${number} has no file ${path}`} /> : null}
        {file === null ? null : (
          <section aria-labelledby="file-title" className="min-w-0 rounded-md border border-line bg-panel">
            <header className="flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
              <h2 id="file-title" className="font-mono text-small font-semibold wrap-anywhere">
                {file.path}
              </h2>
              <span className="text-small text-soft">
                {modeText(file.mode)} · {formatBytes(file.size)} · <Digest digest={file.digest} label={`digest of ${file.path}`} />
              </span>
              <span className="ml-auto">
                <ButtonLink kind="quiet" href={paths.osFiles(definition.name, pinned)}>
                  Close
                </ButtonLink>
              </span>
            </header>
            <FileText file={file} />
          </section>
        )}
        <DefinitionFiles
          files={version.files}
          hrefOf={(one) => paths.osFiles(definition.name, { file: one, ...pinned })}
          current={file?.path ?? null}
          hostNote={hostNote(version, definition.trusted)}
        />
      </div>
    );
  });
}

function hostNote({ digest, manifest, runs }: OsVersionDetail, trusted: TrustView | null): ReactNode {
  const scripts = manifest.hostScripts.length;
  if (scripts === 0) return "no script for hosts";
  const onHost = hostRuns(runs);
  const place = onHost.length === 0 ? `${plural(scripts, "script", "scripts")} for hosts, run nowhere as things are` : `on hosts, as root: ${listed(onHost)}`;
  return trusted !== null && trusted.digest === digest ? (
    <span className="inline-flex flex-wrap gap-x-3">
      <TrustOf trusted={trusted} /> {place}
    </span>
  ) : (
    place
  );
}
