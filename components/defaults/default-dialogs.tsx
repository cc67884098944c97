"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useRef } from "react";
import type { SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import { ParameterField } from "#components/parameters/parameter-field.tsx";
import { Button } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import type { ParameterPrompt } from "#lib/domain/install-plan.ts";
import { classOf } from "./default-rows.ts";
import type { DefaultRow } from "./default-rows.ts";
import { changeBody, placeApi, placePath, placeText } from "./place.ts";
import type { DefaultsPlace } from "./place.ts";
import { useDefaultChange } from "./use-default-change.ts";

interface Props {
  readonly place: DefaultsPlace;
  readonly rows: readonly DefaultRow[];
  readonly user: string;
}

/** The dialog that the address names: to set a default, or to remove one. */
export function DefaultDialogs({ place, rows, user }: Props) {
  const router = useRouter();
  const search = useSearchParams();
  const close = (): void => router.replace(placePath(place), { scroll: false });
  const toSet = rows.find((row) => row.name === search.get("set") && classOf(row) !== "secret") ?? null;
  const toRemove = rows.find((row) => row.name === search.get("remove") && row.set !== null) ?? null;
  return (
    <>
      <Dialog open={toSet !== null} onClose={close} title={toSet === null ? "" : `Default of ${toSet.name} for ${placeText(place)}`}>
        {toSet === null ? null : <SetForm key={toSet.name} place={place} row={toSet} user={user} onClose={close} />}
      </Dialog>
      <Dialog open={toRemove !== null} onClose={close} title={toRemove === null ? "" : `Remove the default of ${toRemove.name}`}>
        {toRemove === null ? null : <RemoveForm place={place} row={toRemove} user={user} onClose={close} />}
      </Dialog>
    </>
  );
}

interface FormProps extends Omit<Props, "rows"> {
  readonly row: DefaultRow;
  readonly onClose: () => void;
}

function SetForm({ place, row, user, onClose }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const { busy, problem, send } = useDefaultChange(place);
  const visibility = classOf(row) === "private" ? "private" : "public";

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const input = form.current?.querySelector<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>("[data-parameter]") ?? null;
    if (busy || input === null) return;
    if (visibility === "private" && input.value === "") {
      input.focus();
      return;
    }
    if (await send(visibility, row.name, input.value)) onClose();
  };
  const curl = (): string =>
    curlCommand({
      method: "PATCH",
      url: `${window.location.origin}${placeApi(place)}`,
      user,
      body: visibility === "private" ? { ...(place.kind === "cluster" ? {} : { variant: place.variant }), private: {} } : changeBody(place, "public", row.name, form.current?.querySelector<HTMLInputElement>("[data-parameter]")?.value ?? ""),
      sealed: visibility === "private" ? [{ name: row.name, visibility }] : [],
      sealedIn: "body",
    });
  return (
    <form ref={form} method="post" autoComplete="off" noValidate onSubmit={(event) => void submit(event)} className="flex flex-col gap-3 px-5 py-4">
      <p>{`Installs with ${placeText(place)} get it, unless they send their own.`}</p>
      <ParameterField prompt={promptOf(row, visibility)} error={null} />
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={curl}>Copy as curl</CopyButton>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" kind="main" disabled={busy}>
          {row.set?.visibility === "private" ? "Replace" : "Set"} {row.name}
        </Button>
      </div>
    </form>
  );
}

/** The input of a default is that of an install's parameter; a private one begins empty, whatever is set. */
function promptOf({ name, declaration, set }: DefaultRow, visibility: "public" | "private"): ParameterPrompt {
  const { type, choices, pattern, help } = declaration ?? { type: "text" as const, choices: [], pattern: null, help: "" };
  return { name, visibility, type: visibility === "private" && type !== "text" ? "password" : type, required: false, default: null, choices, pattern, help, current: set, mustSend: visibility === "private" && set === null };
}

function RemoveForm({ place, row, user, onClose }: FormProps) {
  const { busy, problem, send } = useDefaultChange(place);
  const visibility = row.set?.visibility === "public" ? "public" : "private";
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!busy && (await send(visibility, row.name, null))) onClose();
  };
  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4 px-5 py-4">
      <p>
        {row.otherwise === null ? `Installs with ${placeText(place)} then have no default of it here.` : `Installs with ${placeText(place)} then get ${row.otherwise.from === "declared" ? "what the definition declares" : `the ${row.otherwise.from}’s default`}.`} Instances keep what they were installed with.
      </p>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={() => curlCommand({ method: "PATCH", url: `${window.location.origin}${placeApi(place)}`, user, body: changeBody(place, visibility, row.name, null), sealed: [] })}>Copy as curl</CopyButton>
        <Button data-first onClick={onClose}>
          Leave it
        </Button>
        <Button type="submit" kind="danger-main" disabled={busy}>
          Remove {row.name}
        </Button>
      </div>
    </form>
  );
}
