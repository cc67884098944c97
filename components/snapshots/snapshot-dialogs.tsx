"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { useChange } from "#components/api/use-change.ts";
import { formatMib } from "#components/format.ts";
import { api, paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { Field, fieldIds, Input } from "#components/ui/field.tsx";
import type { DiskView } from "#lib/domain/instance.ts";
import { SNAPSHOT_NAME } from "#lib/domain/snapshot-views.ts";
import type { SnapshotView } from "#lib/domain/snapshot-views.ts";

interface Props {
  readonly instance: string;
  readonly disks: readonly DiskView[];
  readonly snapshots: readonly SnapshotView[];
  /** Why none can be made now; null: one can. */
  readonly blocked: string | null;
  readonly user: string;
}

/** The dialog that the address names. */
export function SnapshotDialogs(props: Props) {
  const router = useRouter();
  const search = useSearchParams();
  const { instance, snapshots, blocked } = props;
  const close = (): void => router.replace(paths.instanceHardware(instance), { scroll: false });
  const asked = search.get("do");
  const snapshot = snapshots.find(({ name }) => name === search.get("of"));
  if (asked === "snapshot") {
    return (
      <Dialog open={blocked === null} onClose={close} title={`Make a snapshot of ${instance}`}>
        <MakeForm {...props} onClose={close} />
      </Dialog>
    );
  }
  if (snapshot !== undefined && (asked === "restore" || asked === "delete-snapshot")) {
    return (
      <Dialog open onClose={close} title={asked === "restore" ? `Restore ${snapshot.name}` : `Delete ${snapshot.name}`}>
        <ChangeForm instance={instance} snapshot={snapshot} restore={asked === "restore"} user={props.user} onClose={close} />
      </Dialog>
    );
  }
  return null;
}

function MakeForm({ instance, disks, snapshots, user, onClose }: Props & { readonly onClose: () => void }) {
  const { busy, problem, forget, send } = useChange();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly number[]>(disks.map(({ index }) => index));
  const taken = snapshots.some((one) => one.name === name);
  const error = name === "" || SNAPSHOT_NAME.test(name) ? (taken ? "There is one of that name." : null) : "Lower-case letters, digits and ._- only, at most 63.";
  const ready = !busy && name !== "" && error === null && chosen.length > 0;
  const body = { name, ...(chosen.length === disks.length ? {} : { disks: chosen }) };
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (ready && (await send("POST", api.snapshots(instance), body))) onClose();
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="px-5 py-4">
      <Field id="snapshot-name" label="Name" error={error}>
        <Input
          {...fieldIds("snapshot-name", { hint: false, error: error !== null })}
          data-first
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            forget();
          }}
          maxLength={63}
          placeholder="before-upgrade"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          className="font-mono text-small"
        />
      </Field>
      {disks.length < 2
        ? null
        : disks.map(({ index, sizeMib, name: label }) => (
            <label key={index} className="flex items-center gap-2.5 py-1 sm:pl-[192px]">
              <input
                type="checkbox"
                checked={chosen.includes(index)}
                onChange={(event) => setChosen(event.target.checked ? [...chosen, index].toSorted((a, b) => a - b) : chosen.filter((one) => one !== index))}
                className="size-4 shrink-0 accent-accent"
              />
              Disk {index}
              {label === null ? "" : `, ${label}`}, {formatMib(sizeMib)}
            </label>
          ))}
      <p className="py-1.5 text-small text-soft">It takes what the disks hold now on the node, and goes with the instance.</p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="mt-3 flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: "POST", url: `${window.location.origin}${api.snapshots(instance)}`, user, body, sealed: [] })}>Copy as curl</CopyButton>
        <Button type="submit" kind="main" disabled={!ready}>
          Make {name === "" ? "the snapshot" : name}
        </Button>
      </div>
    </form>
  );
}

function ChangeForm({ instance, snapshot, restore, user, onClose }: { readonly instance: string; readonly snapshot: SnapshotView; readonly restore: boolean; readonly user: string; readonly onClose: () => void }) {
  const { busy, problem, send } = useChange();
  const { name, disks } = snapshot;
  const which = `${disks.length === 1 ? "disk" : "disks"} ${disks.map(({ index }) => index).join(", ")}`;
  const method = restore ? "POST" : "DELETE";
  const path = restore ? api.restoreSnapshot(instance, name) : api.snapshot(instance, name);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!busy && (await send(method, path))) onClose();
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>
        {restore
          ? `What is on ${which} of ${instance} now is lost, and ${name} takes its place. The snapshot stays. ${instance} has to be stopped.`
          : `${name} is removed from the node with what it holds of ${which}. The disks of now stay as they are.`}
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method, url: `${window.location.origin}${path}`, user, body: {}, sealed: [] })}>Copy as curl</CopyButton>
        <Button data-first onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" kind="danger-main" disabled={busy}>
          {restore ? "Restore" : "Delete"} {name}
        </Button>
      </div>
    </form>
  );
}
