"use client";

import { besideField } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { draftProblem, networkField } from "./network-draft.ts";
import type { NetworkDraft, NetworkField } from "./network-draft.ts";

interface Props {
  readonly draft: NetworkDraft;
  readonly onChange: (change: Partial<NetworkDraft>) => void;
  readonly problem: Problem | null;
}

/** What is wrong with a field, from what is typed or from what the API answered. */
export function errorOf({ draft, problem }: Pick<Props, "draft" | "problem">, field: NetworkField): string | null {
  const typed = draftProblem(draft);
  if (typed?.field === field) return typed.text;
  return networkField(problem?.field ?? null) === field ? besideField(problem) : null;
}

/** How NICs in a network are connected, and what its guests are told of the way out. */
export function NetworkFields(props: Props) {
  const { draft, onChange } = props;
  const text = (field: "gateway" | "subnet6" | "gateway6" | "dns" | "link", hasHint: boolean) => ({
    ...fieldIds(`network-${field}`, { hint: hasHint, error: errorOf(props, field) !== null }),
    value: draft[field],
    autoComplete: "off",
    autoCapitalize: "none",
    spellCheck: false,
    maxLength: 400,
    className: "max-w-80 font-mono text-small",
    onChange: (event: { readonly target: { readonly value: string } }) => onChange({ [field]: event.target.value }),
  });
  return (
    <>
      <Field id="network-mode" label="Connected" hint={draft.mode === "bridged" ? "To a bridge that each node has under the same name." : "By routes on the instance’s node, address by address."} error={errorOf(props, "mode")}>
        <span className="block max-w-80">
          <Select data-first {...fieldIds("network-mode", { hint: true, error: errorOf(props, "mode") !== null })} value={draft.mode} onChange={(event) => onChange({ mode: event.target.value === "routed" ? "routed" : "bridged" })}>
            <option value="bridged">bridged</option>
            <option value="routed">routed</option>
          </Select>
        </span>
      </Field>
      <Field id="network-link" label={draft.mode === "bridged" ? "Bridge" : "Routing table"} hint={draft.mode === "bridged" ? null : "Empty: the main one."} error={errorOf(props, "link")}>
        <Input {...text("link", draft.mode === "routed")} placeholder={draft.mode === "bridged" ? "br0" : ""} />
      </Field>
      <Field id="network-gateway" label="Gateway" hint="Kept free, and told to guests. Empty: none." error={errorOf(props, "gateway")}>
        <Input {...text("gateway", true)} />
      </Field>
      <Field id="network-dns" label="Name servers" hint="Addresses with commas between them." error={errorOf(props, "dns")}>
        <Input {...text("dns", true)} />
      </Field>
      <Field id="network-subnet6" label="IPv6 subnet" hint="Empty: none." error={errorOf(props, "subnet6")}>
        <Input {...text("subnet6", true)} />
      </Field>
      <Field id="network-gateway6" label="IPv6 gateway" error={errorOf(props, "gateway6")}>
        <Input {...text("gateway6", false)} />
      </Field>
    </>
  );
}

/** The addresses of a network. */
export function SubnetField({ draft, onChange, error, hint }: Pick<Props, "draft" | "onChange"> & { readonly error: string | null; readonly hint: string }) {
  return (
    <Field id="network-subnet" label="Subnet" hint={hint} error={error}>
      <Input
        data-first
        {...fieldIds("network-subnet", { hint: true, error: error !== null })}
        value={draft.subnet}
        onChange={(event) => onChange({ subnet: event.target.value })}
        autoComplete="off"
        spellCheck={false}
        maxLength={43}
        placeholder={draft.purpose === "instances" ? "192.0.2.0/24" : "100.64.0.0/16"}
        className="max-w-80 font-mono text-small"
      />
    </Field>
  );
}
