"use client";

import { X } from "lucide-react";
import { besideField } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { IconButton } from "#components/ui/button.tsx";
import { Field, fieldIds, Input, Select } from "#components/ui/field.tsx";
import { nicField } from "./nic-draft.ts";
import type { NicDraft, NicField } from "./nic-draft.ts";

/** What NICs can be connected to, as far as it is known where the form was made. */
export interface NicChoices {
  /** Names of networks for NICs. */
  readonly networks: readonly string[];
  /** There are more than these, so that a name is typed. */
  readonly isPart: boolean;
  /** Bridges that nodes have, to choose from. */
  readonly bridges: readonly string[];
}

interface Props {
  readonly index: number;
  readonly nic: NicDraft;
  readonly choices: NicChoices;
  readonly withMac: boolean;
  readonly problem: Problem | null;
  readonly onChange: (nic: NicDraft) => void;
  /** Null: there are others behind it, so that it stays. */
  readonly onRemove: (() => void) | null;
}

const HINT: Readonly<Record<NicDraft["to"], string>> = {
  user: "Closed but for the ports below. It works on every node.",
  network: "It gets an address of the network, and is connected as the network says.",
  bridged: "A bridge that the node has under this name.",
  routed: "A route on the node to this address.",
};

/** What a NIC is connected to, and by which address. */
export function NicFields({ index, nic, choices, withMac, problem, onChange, onRemove }: Props) {
  const id = (field: NicField): string => `nic-${index}-${field}`;
  const set = (change: Partial<NicDraft>): void => onChange({ ...nic, ...change });
  const about = nicField(problem?.field ?? null);
  const errorOf = (...fields: readonly NicField[]): string | null => (about?.index === index && (about.field === null ? fields.includes("mode") : fields.includes(about.field)) ? besideField(problem) : null);
  const text = (field: "link" | "ip" | "forwards" | "mac" | "network", hasHint: boolean) => ({
    ...fieldIds(id(field), { hint: hasHint, error: errorOf(field) !== null }),
    value: nic[field],
    onChange: (event: { readonly target: { readonly value: string } }) => set({ [field]: event.target.value }),
    autoComplete: "off",
    autoCapitalize: "none",
    spellCheck: false,
    maxLength: 253,
    className: "max-w-80 font-mono text-small",
  });
  const choose = (value: string): void => {
    const network = /^network:(.*)$/.exec(value)?.[1];
    if (network !== undefined) set({ to: "network", network, ip: network === nic.network ? nic.ip : "" });
    else if (value === "user" || value === "bridged" || value === "routed") set({ to: value });
  };
  const listed = choices.networks.includes(nic.network) || nic.network === "" ? choices.networks : [nic.network, ...choices.networks];
  return (
    <>
      <Field id={id("mode")} label={`NIC ${index}`} hint={HINT[nic.to]} error={errorOf("mode", ...(choices.isPart ? [] : ["network" as const]))}>
        <span className="flex items-center gap-1">
          <span className="block w-80 max-w-full min-w-0">
            <Select {...(index === 0 ? { "data-first": true } : {})} {...fieldIds(id("mode"), { hint: true, error: errorOf("mode") !== null })} value={nic.to === "network" ? `network:${choices.isPart ? "" : nic.network}` : nic.to} onChange={(event) => choose(event.target.value)}>
              <option value="user">QEMU’s own network</option>
              {choices.isPart ? <option value="network:">a network, by its name</option> : listed.map((network) => <option key={network} value={`network:${network}`}>{network}</option>)}
              <option value="bridged">a bridge by its name</option>
              <option value="routed">a route to an address</option>
            </Select>
          </span>
          {onRemove === null ? null : (
            <IconButton label={`Remove NIC ${index}`} onClick={onRemove}>
              <X aria-hidden="true" size={16} />
            </IconButton>
          )}
        </span>
      </Field>
      {nic.to === "network" && choices.isPart ? (
        <Field id={id("network")} label="Network" error={errorOf("network")}>
          <Input {...text("network", false)} />
        </Field>
      ) : null}
      {nic.to === "bridged" || nic.to === "routed" ? (
        <Field id={id("link")} label={nic.to === "bridged" ? "Bridge" : "Routing table"} hint={nic.to === "bridged" ? null : "Empty: the main one."} error={errorOf("link")}>
          <Input {...text("link", nic.to === "routed")} {...(nic.to === "bridged" ? { list: `${id("link")}-known` } : {})} />
          <datalist id={`${id("link")}-known`}>
            {choices.bridges.map((bridge) => (
              <option key={bridge} value={bridge} />
            ))}
          </datalist>
        </Field>
      ) : null}
      {nic.to === "user" ? (
        <Field id={id("forwards")} label="Forwarded ports" hint="Of the guest, with commas between them. Each gets a port of the node’s loopback." error={errorOf("forwards")}>
          <Input {...text("forwards", true)} inputMode="numeric" />
        </Field>
      ) : null}
      {nic.to === "user" ? null : (
        <Field id={id("ip")} label="IP address" hint={nic.to === "network" ? "Empty: the next free one." : nic.to === "bridged" ? "Empty: none is told to the guest." : null} error={errorOf("ip")}>
          <Input {...text("ip", nic.to !== "routed")} />
        </Field>
      )}
      {withMac ? (
        <Field id={id("mac")} label="MAC address" hint="Empty: one is made." error={errorOf("mac")}>
          <Input {...text("mac", true)} maxLength={17} />
        </Field>
      ) : null}
    </>
  );
}
