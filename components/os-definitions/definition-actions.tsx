"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { DEFINITION_QUESTIONS, paths, withQuery } from "#components/paths.ts";
import type { DefinitionQuestion } from "#components/paths.ts";
import { ActionsMenu } from "#components/ui/actions-menu.tsx";
import { Button, ButtonLink } from "#components/ui/button.tsx";
import type { OsAction } from "#lib/domain/os-definition-views.ts";
import { WHY_NO_INSTANCE } from "./anchors.ts";
import { DefinitionDialog } from "./definition-dialog.tsx";

export interface DefinitionActionsProps {
  readonly name: string;
  readonly serialNo: number;
  readonly hidden: boolean;
  readonly blacklisted: boolean;
  /** What this person may do at all; the rest isn't mentioned. */
  readonly allowed: readonly OsAction[];
  readonly blocked: Readonly<Partial<Record<OsAction, string>>>;
  /** `name+variant` to begin a new instance with, or why there can be none; null: not for this person. */
  readonly newInstance: { readonly osType: string; readonly refusal: string | null } | null;
  readonly user: string;
}

const ACTION_OF: Readonly<Record<DefinitionQuestion, OsAction>> = { hide: "modify", show: "modify", blacklist: "blacklist", allow: "blacklist", delete: "delete" };
const WORDS: Readonly<Record<DefinitionQuestion, string>> = { hide: "Hide", show: "Show", blacklist: "Blacklist", allow: "Allow again", delete: "Delete" };

/** What can be done with a definition. What can't be done now is shown with the reason. The open question is in the address. */
export function DefinitionActions({ name, serialNo, hidden, blacklisted, allowed, blocked, newInstance, user }: DefinitionActionsProps) {
  const router = useRouter();
  const path = usePathname();
  const search = useSearchParams();
  const questions: readonly DefinitionQuestion[] = [hidden ? "show" : "hide", blacklisted ? "allow" : "blacklist", "delete"];
  const offered = questions.filter((question) => allowed.includes(ACTION_OF[question]));
  const asked = DEFINITION_QUESTIONS.find((question) => question === search.get("do") && offered.includes(question)) ?? null;
  const ask = (question: DefinitionQuestion | null): void => {
    const query = Object.fromEntries([...search].filter(([field]) => field !== "do"));
    router.replace(withQuery(path, { ...query, do: question }), { scroll: false });
  };
  return (
    <>
      {newInstance === null ? null : <NewInstance {...newInstance} />}
      {allowed.includes("upload") && blocked.upload === undefined ? <ButtonLink href={paths.uploadDefinition(name)}>New version</ButtonLink> : null}
      {offered.length === 0 ? null : (
        <ActionsMenu
          actions={[
            ...(allowed.includes("upload") && blocked.upload !== undefined ? [{ id: "upload", word: "New version", reason: blocked.upload, onChoose: () => undefined }] : []),
            ...offered.map((question) => ({ id: question, word: WORDS[question], reason: blocked[ACTION_OF[question]], bad: question === "delete", onChoose: () => ask(question) })),
          ]}
        />
      )}
      <DefinitionDialog name={name} serialNo={serialNo} question={asked} blocked={asked === null ? null : (blocked[ACTION_OF[asked]] ?? null)} user={user} onClose={() => ask(null)} />
    </>
  );
}

function NewInstance({ osType, refusal }: { readonly osType: string; readonly refusal: string | null }) {
  if (refusal === null) return <ButtonLink href={paths.newInstance({ os: osType })}>New instance with it</ButtonLink>;
  return (
    // Not `disabled`, which the keyboard passes over: the reason, which stands in the header, is to be read.
    <Button aria-disabled aria-describedby={WHY_NO_INSTANCE}>
      New instance with it
    </Button>
  );
}
