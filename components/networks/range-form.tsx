"use client";

import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { besideField } from "#components/api/request.ts";
import { useChange } from "#components/api/use-change.ts";
import { api } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Field, fieldIds, Input } from "#components/ui/field.tsx";
import type { NetworkView } from "#lib/domain/network.ts";

interface Props {
  readonly what: "reserve" | "release";
  readonly network: NetworkView;
  readonly user: string;
  /** From the address; empty: to be typed. */
  readonly first: string;
  readonly last: string;
  readonly onClose: () => void;
}

/** Keeps a range of addresses from being handed out, or lets it be handed out again. */
export function RangeForm({ what, network, user, first, last, onClose }: Props) {
  const { busy, problem, forget, send } = useChange();
  const [range, setRange] = useState({ first, last });
  const [note, setNote] = useState("");
  const from = range.first.trim();
  const to = range.last.trim() === "" ? from : range.last.trim();
  const ready = !busy && from !== "";
  const call =
    what === "reserve"
      ? { method: "POST" as const, path: api.reservations(network.name), body: { first: from, last: to, ...(note.trim() === "" ? {} : { note: note.trim() }) } }
      : { method: "DELETE" as const, path: api.reservations(network.name, { first: from, last: to }), body: undefined };
  const error = (field: string): string | null => (problem?.field === field ? besideField(problem) : null);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (ready && (await send(call.method, call.path, call.body))) onClose();
  };
  const input = (field: "first" | "last", hasHint: boolean) => ({
    ...fieldIds(`range-${field}`, { hint: hasHint, error: error(field) !== null }),
    value: range[field],
    onChange: (event: { readonly target: { readonly value: string } }) => {
      setRange((before) => ({ ...before, [field]: event.target.value }));
      forget();
    },
    autoComplete: "off",
    spellCheck: false,
    maxLength: 45,
    className: "font-mono text-small",
  });
  return (
    <form method="post" noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 px-5 py-4">
      <p>
        {what === "reserve"
          ? "These addresses are no longer handed out. A NIC that asks for one of them is refused until it is released."
          : "Addresses of the range that are reserved can be handed out again. Those that instances hold stay theirs."}
      </p>
      <div>
        <Field id="range-first" label="First address" hint={`Of ${network.subnet}.`} error={error("first")}>
          <Input {...input("first", true)} {...(first === "" ? { "data-first": true } : {})} />
        </Field>
        <Field id="range-last" label="Last address" hint="Empty: only the first." error={error("last")}>
          <Input {...input("last", true)} />
        </Field>
        {what === "release" ? null : (
          <Field id="range-note" label="Note" hint="Why they are reserved." error={error("note")}>
            <Input {...fieldIds("range-note", { hint: true, error: error("note") !== null })} value={note} onChange={(event) => setNote(event.target.value)} autoComplete="off" maxLength={200} />
          </Field>
        )}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: call.method, url: `${window.location.origin}${call.path}`, user, body: call.body ?? {}, sealed: [] })}>Copy as curl</CopyButton>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" kind="main" disabled={!ready} {...(first === "" ? {} : { "data-first": true })}>
          {what === "reserve" ? "Reserve" : "Release"} {from === "" ? "the range" : to === from ? from : `${from} to ${to}`}
        </Button>
      </div>
    </form>
  );
}
