"use client";

import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { request } from "#components/api/request.ts";
import type { Answer } from "#components/api/request.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { formatBytes, formatDuration, formatExact, secondsBetween } from "#components/format.ts";
import { api } from "#components/paths.ts";
import { INSTALL_STATE } from "#components/status/statuses.ts";
import { buttonClasses } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { Digest, Mono } from "#components/ui/mono.tsx";
import type { ReceiptPredicate } from "#lib/domain/receipt-statement.ts";
import type { ReceiptView } from "#lib/domain/receipt-views.ts";
import { readStatement } from "./receipt.ts";

/** What was installed, as the cluster has signed it: to be read here, and to be kept. */
export function InstallReceipt({ install }: { readonly install: string }) {
  const [answer, setAnswer] = useState<Answer<ReceiptView> | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    void request<ReceiptView>("GET", api.receipt(install), { signal: stop.signal }).then((read) => {
      if (!stop.signal.aborted) setAnswer(read);
    });
    return () => stop.abort();
  }, [install]);
  const statement = answer?.ok === true ? readStatement(answer.value) : null;
  const file = `receipt-${install}.json`;
  return (
    <TitledCard
      title="Receipt"
      className="mt-5"
      aside={
        <a href={api.receipt(install)} download={file} className={buttonClasses("plain")}>
          Download
        </a>
      }
    >
      {answer === null ? <p className="px-4 pb-4 text-soft">Reading it</p> : null}
      {answer?.ok === false ? (
        <div className="px-4 pb-4">
          <ProblemNotice problem={answer.problem} />
        </div>
      ) : null}
      {answer?.ok === true && statement === null ? <p className="px-4 pb-4 text-soft">It can’t be shown here. The file has it.</p> : null}
      {answer?.ok === true && statement !== null ? <DefinitionList items={[...linesOf(statement.predicate), ["Signed", signed(answer.value, file)]]} /> : null}
    </TitledCard>
  );
}

function signed(receipt: ReceiptView, file: string): ReactNode {
  const command = `./slipway receipt verify ${file}`;
  return (
    <span>
      {formatExact(receipt.createdAt)}, by the cluster’s key <Digest digest={receipt.keyId} label="id of the key" />
      <span className="block text-small text-soft">
        Verify it with <Mono>{command}</Mono> <CopyIcon text={command} label="command" />
      </span>
    </span>
  );
}

type Line = readonly [name: string, value: ReactNode];

/** Only what there is: a receipt of a plain install is short. */
function linesOf(predicate: ReceiptPredicate): readonly Line[] {
  const { install, instance, image, definition, scripts, appliance, medium, files, parameters, versions } = predicate;
  const media = Object.entries(medium.parameters);
  return [
    ["Of", <span key="of"><Mono>{instance.name}</Mono>, {install.operation} on <Mono>{install.node}</Mono>, asked for by {install.requester}</span>],
    ["Outcome", outcomeText(predicate)],
    ...given("Image", image, ({ location, sha256, bytes }) => <Found location={location} sha256={sha256} bytes={bytes} />),
    ...given("On the disk", image?.writtenSha256 ?? null, (digest) => <span>{formatBytes(image?.writtenBytes ?? 0)}, <Digest digest={digest} label="digest of what was written" /></span>),
    ...given("Definition", definition, ({ osType, version, digest }) => <span><Mono>{osType}</Mono>, version {version}, <Digest digest={digest} label="digest of the definition" /></span>),
    ...given("Scripts", scripts.length === 0 ? null : scripts, (ran) => ran.map(({ script, place, trustedBy }) => `${script} ${place === "host" ? `on the host, trusted by ${trustedBy ?? "nobody"}` : "in the appliance"}`).join("; ")),
    ...given("Medium", media.length === 0 ? null : media, (given) => <Rows rows={given.map(([name, value]) => [name, <Mono key={name}>{name} = {value}</Mono>])} />),
    ...given("Package", predicate.package, ({ location, sha256, bytes }) => <Found location={location} sha256={sha256} bytes={bytes} />),
    ...given("Appliance", appliance, ({ name, digest }) => <span>{name}, <Digest digest={digest} label="digest of the appliance" /></span>),
    ...given("Files", files.length === 0 ? null : files, (made) => <Rows rows={made.map(({ name, bytes, sha256 }) => [name, <span key={name}><Mono>{name}</Mono>, {formatBytes(bytes)}, <Digest digest={sha256} label={`digest of ${name}`} /></span>])} />),
    ...given("Parameters", parameters.length === 0 ? null : parameters, (sent) => sent.map(({ name, visibility }) => `${name} (${visibility})`).join(", ")),
    ["Made by", `controller ${versions.controller}${versions.agent === null ? "" : `, agent ${versions.agent}`}`],
  ];
}

function outcomeText({ outcome, times }: ReceiptPredicate): string {
  const took = times.started === null ? "" : `, after ${formatDuration(secondsBetween(times.started, times.ended))}`;
  if (outcome.state !== "done") return `${INSTALL_STATE[outcome.state].word}${took}${outcome.error === null ? "" : `: ${outcome.error.code}`}${outcome.overwritten ? ". What had been on the disk is gone" : ""}`;
  return `${COMPLETED[outcome.completion]}${outcome.confirmed === false ? ", unconfirmed" : ""}${took}`;
}

const COMPLETED: Readonly<Record<ReceiptPredicate["outcome"]["completion"], string>> = { reported: "Reported done by its script", written: "Written and read back", first_boot: "Ended by its first boot" };

function given<T>(name: string, value: T | null, show: (value: T) => ReactNode): readonly Line[] {
  return value === null ? [] : [[name, show(value)]];
}

function Rows({ rows }: { readonly rows: readonly (readonly [key: string, row: ReactNode])[] }) {
  return <span className="flex flex-col gap-1.5">{rows.map(([, row]) => row)}</span>;
}

function Found({ location, sha256, bytes }: { readonly location: string; readonly sha256: string | null; readonly bytes: number | null }) {
  return (
    <span>
      <Mono className="wrap-anywhere">{location}</Mono>
      {sha256 === null ? <span className="text-soft">, not fetched</span> : <>, {bytes === null ? null : `${formatBytes(bytes)}, `}<Digest digest={sha256} label="digest of the file" /></>}
    </span>
  );
}
