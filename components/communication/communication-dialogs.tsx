"use client";

import { useRouter, useSearchParams } from "next/navigation";
import { useRef, useState } from "react";
import type { ReactNode, SubmitEvent } from "react";
import { curlCommand } from "#components/api/curl.ts";
import { ProblemNotice } from "#components/api/problem-notice.tsx";
import type { Problem } from "#components/api/request.ts";
import { useChange } from "#components/api/use-change.ts";
import { formatCount } from "#components/format.ts";
import { api, COMMUNICATION_QUESTIONS, paths } from "#components/paths.ts";
import type { CommunicationQuestion } from "#components/paths.ts";
import { Button } from "#components/ui/button.tsx";
import type { ButtonKind } from "#components/ui/button.tsx";
import { CopyButton } from "#components/ui/copy-button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import { Select } from "#components/ui/field.tsx";
import { USER_DATA_BYTES } from "#lib/domain/instance-limits.ts";
import { DATASOURCES } from "#lib/domain/instance.ts";
import type { Datasource } from "#lib/domain/instance.ts";
import { UserDataInput } from "./user-data-input.tsx";
import { DATASOURCE } from "./words.ts";

export interface CommunicationDialogsProps {
  readonly name: string;
  readonly communication: boolean;
  readonly datasource: Datasource;
  readonly hasUserData: boolean;
  readonly user: string;
}

/** The dialog that the address names. */
export function CommunicationDialogs(props: CommunicationDialogsProps) {
  const router = useRouter();
  const search = useSearchParams();
  const close = (): void => router.replace(paths.instanceCommunication(props.name), { scroll: false });
  const asked = COMMUNICATION_QUESTIONS.find((question) => question === search.get("do") && (question !== "delete-user-data" || props.hasUserData)) ?? null;
  return (
    <Dialog open={asked !== null} onClose={close} title={asked === null ? "" : titleOf(asked, props)}>
      {asked === null ? null : <Question question={asked} {...props} onClose={close} />}
    </Dialog>
  );
}

interface FormProps extends CommunicationDialogsProps {
  readonly onClose: () => void;
}

function titleOf(question: CommunicationQuestion, { communication, hasUserData }: CommunicationDialogsProps): string {
  switch (question) {
    case "switch":
      return communication ? "Switch communication off" : "Switch communication on";
    case "datasource":
      return "Datasource";
    case "user-data":
      return hasUserData ? "Replace the user data" : "Set user data";
    case "delete-user-data":
      return "Delete the user data";
  }
}

function Question({ question, ...props }: FormProps & { readonly question: CommunicationQuestion }) {
  switch (question) {
    case "switch":
      return <SwitchForm {...props} />;
    case "datasource":
      return <DatasourceForm {...props} />;
    case "user-data":
      return <UserDataForm {...props} />;
    case "delete-user-data":
      return <DeleteForm {...props} />;
  }
}

function SwitchForm({ name, communication, user, onClose }: FormProps) {
  const { busy, problem, send } = useChange();
  const body = { communication: !communication };
  return (
    <Frame
      onSubmit={async () => {
        if (await send("PATCH", api.instance(name), body)) onClose();
      }}
      onClose={onClose}
      problem={problem}
      curl={() => curlCommand({ method: "PATCH", url: address(name), user, body, sealed: [] })}
      kind={communication ? "danger-main" : "main"}
      ready={!busy}
      word={communication ? "Switch it off" : "Switch it on"}
    >
      <p>
        {communication
          ? `From its next start on ${name} finds no metadata and can say nothing to its host. Installs that need the channel have one all the same.`
          : `From its next start on ${name} finds its metadata at 169.254.169.254, and what it writes to its channel stands here. It reaches nothing else by it.`}
      </p>
    </Frame>
  );
}

function DatasourceForm({ name, datasource, user, onClose }: FormProps) {
  const { busy, problem, send } = useChange();
  const [chosen, setChosen] = useState<Datasource>(datasource);
  const body = { datasource: chosen };
  return (
    <Frame
      onSubmit={async () => {
        if (await send("PATCH", api.instance(name), body)) onClose();
      }}
      onClose={onClose}
      problem={problem}
      curl={() => curlCommand({ method: "PATCH", url: address(name), user, body, sealed: [] })}
      ready={!busy && chosen !== datasource}
      word={`Present it as ${DATASOURCE[chosen].word}`}
    >
      <label className="flex flex-col gap-1">
        What its firmware says that it is
        <Select data-first value={chosen} onChange={(event) => setChosen(DATASOURCES.find((one) => one === event.target.value) ?? datasource)}>
          {DATASOURCES.map((one) => (
            <option key={one} value={one}>
              {DATASOURCE[one].word}
            </option>
          ))}
        </Select>
      </label>
      <p className="text-small text-soft">{DATASOURCE[chosen].hint} It holds from the next start on, with communication on.</p>
    </Frame>
  );
}

function UserDataForm({ name, hasUserData, user, onClose }: FormProps) {
  const { busy, problem, send } = useChange();
  const input = useRef<HTMLTextAreaElement>(null);
  const [bytes, setBytes] = useState(0);
  const tooLong = bytes > USER_DATA_BYTES;
  return (
    <Frame
      onSubmit={async () => {
        const userData = input.current?.value ?? "";
        if (await send("PATCH", api.instance(name), { userData })) onClose();
      }}
      onClose={onClose}
      problem={problem}
      curl={() => userDataCommand(address(name), user)}
      ready={!busy && bytes > 0 && !tooLong}
      word={hasUserData ? "Replace the user data" : "Set the user data"}
    >
      <label htmlFor="user-data">{hasUserData ? "The new user data; what is there is shown to nobody" : "A script or a configuration, as cloud-init reads it"}</label>
      <UserDataInput id="user-data" inputRef={input} first onBytes={setBytes} />
      <p id="user-data-hint" className={tooLong ? "text-small text-bad" : "text-small text-soft"}>
        {tooLong ? `${formatCount(bytes)} bytes in UTF-8: at most ${formatCount(USER_DATA_BYTES)} fit.` : `Private: stored encrypted, never shown. At most ${formatCount(USER_DATA_BYTES)} bytes in UTF-8.`}
      </p>
    </Frame>
  );
}

function DeleteForm({ name, user, onClose }: FormProps) {
  const { busy, problem, send } = useChange();
  const body = { userData: null };
  return (
    <Frame
      onSubmit={async () => {
        if (await send("PATCH", api.instance(name), body)) onClose();
      }}
      onClose={onClose}
      problem={problem}
      curl={() => curlCommand({ method: "PATCH", url: address(name), user, body, sealed: [] })}
      kind="danger-main"
      ready={!busy}
      word="Delete the user data"
    >
      <p>Nothing brings them back. What they did in {name} stays done.</p>
    </Frame>
  );
}

function Frame({ onSubmit, onClose, problem, curl, kind = "main", ready, word, children }: { readonly onSubmit: () => Promise<void>; readonly onClose: () => void; readonly problem: Problem | null; readonly curl: () => string; readonly kind?: ButtonKind; readonly ready: boolean; readonly word: string; readonly children: ReactNode }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (ready) void onSubmit();
  };
  return (
    <form method="post" autoComplete="off" onSubmit={submit} className="flex flex-col gap-3 px-5 py-4">
      {children}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="flex flex-wrap justify-end gap-2">
        <CopyButton text={curl}>Copy as curl</CopyButton>
        <Button onClick={onClose}>Leave it</Button>
        <Button type="submit" kind={kind} disabled={!ready}>
          {word}
        </Button>
      </div>
    </form>
  );
}

function address(name: string): string {
  return `${window.location.origin}${api.instance(name)}`;
}

/** Reads the user data from a file when it runs: they stand in no command line. */
function userDataCommand(url: string, user: string): string {
  return curlCommand({ method: "PATCH", url, user, body: {}, sealed: [], files: [{ field: "userData", file: "user-data" }] });
}
