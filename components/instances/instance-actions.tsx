"use client";

import { ChevronDown } from "lucide-react";
import { useRouter } from "next/navigation";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { paths } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import type { InstanceAction } from "#lib/domain/instance.ts";
import { ActionDialog } from "./action-dialog.tsx";
import type { ConfirmedAction } from "./action-dialog.tsx";

export interface InstanceActionsProps {
  readonly name: string;
  /** What this person may do at all; the rest isn't mentioned. */
  readonly allowed: readonly InstanceAction[];
  readonly blocked: Readonly<Partial<Record<InstanceAction, string>>>;
  readonly jobId: number | null;
  readonly installing: boolean;
}

const WORDS: Readonly<Record<InstanceAction, string>> = { start: "Start", stop: "Stop", reboot: "Reboot", reinstall: "Reinstall", cancel: "Cancel install", delete: "Delete" };

/** What can be done with an instance. What can't be done now is shown with the reason. */
export function InstanceActions({ name, allowed, blocked, jobId, installing }: InstanceActionsProps) {
  const router = useRouter();
  const [asked, setAsked] = useState<ConfirmedAction | null>(null);
  const choose = (action: InstanceAction): void => {
    if (action === "reinstall") router.push(paths.reinstall(name));
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
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <Button>
            Actions
            <ChevronDown aria-hidden="true" size={14} />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={4} collisionPadding={8} className="z-40 w-72 rounded-md border border-line bg-panel p-1 shadow-over">
            {allowed.map((action) => {
              const reason = blocked[action];
              return (
                <DropdownMenu.Item
                  key={action}
                  // Not `disabled`, which the keyboard passes over: the reason is to be read.
                  aria-disabled={reason === undefined ? undefined : true}
                  onSelect={(event) => {
                    if (reason === undefined) choose(action);
                    else event.preventDefault();
                  }}
                  className="block cursor-default rounded-sm px-3 py-1.5 outline-none data-highlighted:bg-hover"
                >
                  <span className={reason !== undefined ? "text-faint" : action === "delete" ? "text-bad" : ""}>{WORDS[action]}</span>
                  {reason === undefined ? null : <span className="block text-small text-soft">{reason}</span>}
                </DropdownMenu.Item>
              );
            })}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <ActionDialog name={name} action={asked} jobId={jobId} onClose={() => setAsked(null)} />
    </>
  );
}
