"use client";

import { formatBytes, plural } from "#components/format.ts";
import { TitledCard } from "#components/ui/card.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import { Notice } from "#components/ui/notice.tsx";
import type { OsDefinitionCheck } from "#lib/domain/os-definition-views.ts";
import { DeclaredParameters } from "./declared-parameters.tsx";
import { DefinitionFiles } from "./definition-files.tsx";
import { halvesOf } from "./halves.ts";
import { needsText } from "./needs.ts";
import { ScriptRuns } from "./script-runs.tsx";
import { hostRuns, listed } from "./trust-effect.ts";
import { VersionDiffView } from "./version-diff.tsx";

/** What an archive holds and what it would do, before anything is registered. */
export function CheckView({ check }: { readonly check: OsDefinitionCheck }) {
  const { manifest, diff } = check;
  const onHost = hostRuns(check.runs);
  return (
    <div className="flex flex-col gap-5">
      {check.trustedAtOnce ? (
        <Notice kind="bad" title="It would be trusted at once">
          {onHost.length === 0 ? "As things are, nothing of it would run on a host." : `On hosts, as root, from the next install on: ${listed(onHost)}.`}
        </Notice>
      ) : null}
      {check.warnings.length === 0 ? null : (
        <Notice kind="wait" title={plural(check.warnings.length, "thing to look at", "things to look at")}>
          <ul className="list-inside list-disc marker:text-soft">
            {check.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Notice>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <TitledCard title="What it is">
          <DefinitionList items={factsOf(check)} />
        </TitledCard>
        <TitledCard title="What would run where">
          <ScriptRuns runs={check.runs} manifest={manifest} trusted={null} />
        </TitledCard>
      </div>
      {diff === null ? null : (
        <section aria-labelledby="changes-title">
          <h2 id="changes-title" className="mb-3 font-semibold">
            Changes since version {diff.from.version}
          </h2>
          <VersionDiffView diff={diff} hrefOf={null} />
        </section>
      )}
      <TitledCard title="Parameters it asks for">
        {manifest.parameters.length === 0 ? <p className="px-4 pb-4 text-soft">It declares none.</p> : <DeclaredParameters parameters={manifest.parameters} />}
      </TitledCard>
      <DefinitionFiles files={check.files} hrefOf={null} hostNote={hostNote(check)} />
    </div>
  );
}

function factsOf({ manifest, variants, apiVersions, files, digest }: OsDefinitionCheck) {
  const { host, untrusted } = halvesOf(files);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  return [
    ["Title", manifest.title === "" ? <span key="title" className="text-soft">none</span> : manifest.title],
    ["About", manifest.description === "" ? <span key="about" className="text-soft">nothing said</span> : manifest.description],
    ["Variants", variants.length === 0 ? "none" : <Mono key="variants">{variants.join(", ")}</Mono>],
    ["Needs", needsText(manifest)],
    ["Appliance", manifest.appliance],
    ["Image", manifest.defaultImage === null ? "none" : <Mono key="image">{manifest.defaultImage.location}</Mono>],
    ["Ganeti API", apiVersions.join(", ")],
    ["Holds", `${plural(files.length, "file", "files")}, ${formatBytes(size)}: ${untrusted.length} untrusted, ${host.length} beside them`],
    ["Digest", <Digest key="digest" digest={digest} label="digest of what was read" />],
  ] as const;
}

function hostNote({ manifest, runs, trustedAtOnce }: OsDefinitionCheck): string {
  if (manifest.hostScripts.length === 0) return "no script for hosts";
  if (hostRuns(runs).length > 0) return "trusted at once";
  return trustedAtOnce ? "trusted at once, and runs nowhere as things are" : "runs nowhere: nobody trusts this content";
}
