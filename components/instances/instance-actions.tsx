"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { paths } from "#components/paths.ts";
import { ActionsMenu } from "#components/ui/actions-menu.tsx";
import { Button } from "#components/ui/button.tsx";
import type { InstanceAction } from "#lib/domain/instance.ts";
import type { PreviousSystemView } from "#lib/domain/previous-system-views.ts";
import { ActionDialog } from "./action-dialog.tsx";
import type { ConfirmedAction } from "./action-dialog.tsx";

export interface InstanceActionsProps {
  readonly name: string;
  /** What this person may do at all; the rest isn't mentioned. */
  readonly allowed: readonly InstanceAction[];
  readonly blocked: Readonly<Partial<Record<InstanceAction, string>>>;
  readonly jobId: number | null;
  readonly installing: boolean;
  /** What a rollback would bring back. */
  readonly previous: PreviousSystemView | null;
}

const WORDS: Readonly<Record<InstanceAction, string>> = {
  start: "Start",
  stop: "Stop",
  reboot: "Reboot",
  rescue: "Rescue system",
  reinstall: "Reinstall",
  rollback: "Roll back",
  snapshot: "Make a snapshot",
  rename: "Rename",
  export: "Export",
  cancel: "Cancel install",
  delete: "Delete",
};

/** What can be done with an instance. What can't be done now is shown with the reason. */
export function InstanceActions({ name, allowed, blocked, jobId, installing, previous }: InstanceActionsProps) {
  const router = useRouter();
  const [asked, setAsked] = useState<ConfirmedAction | null>(null);
  const choose = (action: InstanceAction): void => {
    if (action === "reinstall") router.push(paths.reinstall(name));
    else if (action === "snapshot") router.push(paths.instanceHardware(name, { do: "snapshot" }));
    else setAsked(action);
  };
  const front = (installing ? (["cancel"] as const) : (["start", "reinstall"] as const)).filter((action) => allowed.includes(action) && blocked[action] === undefined);
  return (
    <>
      {front.map((action) => (
        <Button key={action} kind={action === "cancel" ? "danger" : "plain"} onClick={() => choose(action)}>
          {WORDS[action]}
        </Button>
      ))}
      <ActionsMenu actions={allowed.map((action) => ({ id: action, word: WORDS[action], reason: blocked[action], bad: action === "delete", onChoose: () => choose(action) }))} />
      <ActionDialog name={name} action={asked} jobId={jobId} previous={previous} onClose={() => setAsked(null)} />
    </>
  );
}
