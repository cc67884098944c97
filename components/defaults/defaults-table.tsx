import Link from "next/link";
import type { ReactNode } from "react";
import { VisibilityMark } from "#components/parameters/visibility-mark.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { RelativeTime } from "#components/ui/relative-time.tsx";
import { Table, Td, Th, Tr } from "#components/ui/table.tsx";
import { classOf } from "./default-rows.ts";
import type { DefaultRow } from "./default-rows.ts";
import { placePath } from "./place.ts";
import type { DefaultsPlace } from "./place.ts";

const FROM = { declared: "declared", cluster: "the cluster’s", definition: "the definition’s" } as const;

/** Defaults of one place. Each button is a link to the dialog of its parameter. */
export function DefaultsTable({ place, rows, mayModify }: { readonly place: DefaultsPlace; readonly rows: readonly DefaultRow[]; readonly mayModify: boolean }) {
  const layered = place.kind === "definition";
  return (
    <Table label="Defaults">
      <thead>
        <tr>
          <Th>Parameter</Th>
          <Th>Class</Th>
          <Th>Default here</Th>
          {layered ? <Th>Otherwise</Th> : null}
          <Th>Last set</Th>
          {mayModify ? (
            <Th>
              <span className="sr-only">Actions</span>
            </Th>
          ) : null}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Tr key={row.name}>
            <Td className="whitespace-nowrap">
              <Mono>{row.name}</Mono>
              {layered && row.declaration === null ? <span className="ml-2 text-small text-wait">no longer declared</span> : null}
            </Td>
            <Td>
              <VisibilityMark visibility={classOf(row)} />
            </Td>
            <Td className="max-w-[40ch] min-w-[18ch]">{valueHere(row)}</Td>
            {layered ? <Td className="max-w-[32ch] text-soft">{otherwise(row)}</Td> : null}
            <Td className="whitespace-nowrap text-soft">
              {row.set === null ? null : (
                <>
                  <RelativeTime at={row.set.updatedAt} /> by {row.set.updatedBy}
                </>
              )}
            </Td>
            {mayModify ? <Td className="text-right whitespace-nowrap">{actions(place, row)}</Td> : null}
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}

function valueHere(row: DefaultRow): ReactNode {
  if (row.set === null) return classOf(row) === "secret" ? <span className="text-soft">a secret has none: it is never stored</span> : <span className="text-faint">not set</span>;
  switch (row.set.visibility) {
    case "public":
      return row.set.value === "" ? <span className="text-soft">empty</span> : <Mono className="block max-h-24 overflow-y-auto whitespace-pre-wrap wrap-anywhere">{row.set.value}</Mono>;
    case "private":
      return <Sealed fingerprint={row.set.fingerprint} />;
    case "secret":
      return <span className="text-soft">no longer used: it is declared secret now</span>;
  }
}

function Sealed({ fingerprint }: { readonly fingerprint: string | null }) {
  return (
    <span className="text-soft">
      set{fingerprint === null ? null : <> · fingerprint <Mono>{fingerprint}</Mono></>}
    </span>
  );
}

function otherwise({ otherwise: below, declaration }: DefaultRow): ReactNode {
  if (declaration?.visibility === "secret") return "asked for at each install";
  if (below === null) return declaration?.required === true ? "asked for at each install" : "nothing";
  return (
    <>
      {below.value === null ? <Sealed fingerprint={below.fingerprint} /> : <Mono className="wrap-anywhere text-ink">{below.value}</Mono>} <span className="text-small whitespace-nowrap">({FROM[below.from]})</span>
    </>
  );
}

const LINK = "inline-flex h-6 items-center rounded-sm px-1.5 text-accent hover:underline";

function actions(place: DefaultsPlace, row: DefaultRow): ReactNode {
  const settable = classOf(row) !== "secret" && (place.kind === "cluster" || row.declaration !== null);
  const word = row.set === null ? "Set" : row.set.visibility === "private" ? "Replace" : "Change";
  return (
    <>
      {settable ? (
        <Link href={placePath(place, { set: row.name })} scroll={false} prefetch={false} aria-label={`${word} ${row.name}`} className={LINK}>
          {word}
        </Link>
      ) : null}
      {row.set === null ? null : (
        <Link href={placePath(place, { remove: row.name })} scroll={false} prefetch={false} aria-label={`Remove ${row.name}`} className={LINK}>
          Remove
        </Link>
      )}
    </>
  );
}
