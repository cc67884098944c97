"use client";

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { NETWORK_QUESTIONS, withQuery } from "#components/paths.ts";
import type { NetworkQuestion } from "#components/paths.ts";
import { ActionsMenu } from "#components/ui/actions-menu.tsx";
import { Button } from "#components/ui/button.tsx";
import { Dialog } from "#components/ui/dialog.tsx";
import type { NetworkView } from "#lib/domain/network.ts";
import { DeleteNetworkForm } from "./delete-network-form.tsx";
import { EditNetworkForm } from "./edit-network-form.tsx";
import { RangeForm } from "./range-form.tsx";
import { whyNotDeleted, whyNotEdited } from "./why-not.ts";

interface Props {
  readonly network: NetworkView;
  readonly user: string;
}

const WORDS: Readonly<Record<NetworkQuestion, string>> = { edit: "Edit", reserve: "Reserve addresses", release: "Release addresses", delete: "Delete" };
/** Fields of the address that belong to the open question. */
const OF_QUESTION = new Set(["do", "first", "last"]);

/** What can be done with a network. What can't be done now is shown with the reason. The open question is in the address. */
export function NetworkActions({ network, user }: Props) {
  const router = useRouter();
  const path = usePathname();
  const search = useSearchParams();
  const blocked: Readonly<Partial<Record<NetworkQuestion, string | undefined>>> = {
    edit: whyNotEdited(network),
    release: network.reserved === 0 ? "No address is reserved" : undefined,
    reserve: network.taken >= network.size ? "No address is left" : undefined,
    delete: whyNotDeleted(network),
  };
  const asked = NETWORK_QUESTIONS.find((question) => question === search.get("do") && blocked[question] === undefined) ?? null;
  const ask = (question: NetworkQuestion | null): void => {
    const kept = Object.fromEntries([...search].filter(([field]) => !OF_QUESTION.has(field)));
    router.replace(withQuery(path, { ...kept, do: question }), { scroll: false });
  };
  const close = (): void => ask(null);
  return (
    <>
      {blocked.reserve === undefined ? <Button onClick={() => ask("reserve")}>{WORDS.reserve}</Button> : null}
      <ActionsMenu actions={NETWORK_QUESTIONS.map((question) => ({ id: question, word: WORDS[question], reason: blocked[question], bad: question === "delete", onChoose: () => ask(question) }))} />
      <Dialog open={asked !== null} onClose={close} title={asked === null ? "" : titleOf(asked, network.name)}>
        {asked === null ? null : <Question question={asked} network={network} user={user} first={search.get("first") ?? ""} last={search.get("last") ?? ""} onClose={close} />}
      </Dialog>
    </>
  );
}

function Question({ question, network, user, first, last, onClose }: Props & { readonly question: NetworkQuestion; readonly first: string; readonly last: string; readonly onClose: () => void }) {
  switch (question) {
    case "edit":
      return <EditNetworkForm network={network} user={user} onClose={onClose} />;
    case "reserve":
    case "release":
      return <RangeForm key={`${question} ${first} ${last}`} what={question} network={network} user={user} first={first} last={last} onClose={onClose} />;
    case "delete":
      return <DeleteNetworkForm network={network} user={user} onClose={onClose} />;
  }
}

function titleOf(question: NetworkQuestion, name: string): string {
  switch (question) {
    case "edit":
      return `Edit ${name}`;
    case "reserve":
      return `Reserve addresses of ${name}`;
    case "release":
      return `Release addresses of ${name}`;
    case "delete":
      return `Delete ${name}`;
  }
}
