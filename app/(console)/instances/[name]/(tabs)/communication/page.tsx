import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { ChannelLog } from "#components/communication/channel-log.tsx";
import { PART } from "#components/communication/channel-window.ts";
import { CommunicationDialogs } from "#components/communication/communication-dialogs.tsx";
import { SshKeys } from "#components/communication/ssh-keys.tsx";
import { sshKeyRows } from "#components/communication/ssh-key-rows.ts";
import { whyNotSent } from "#components/communication/why-not.ts";
import { DATASOURCE } from "#components/communication/words.ts";
import { loadInstance } from "#components/instances/load-instance.ts";
import { consolePage } from "#components/page/console-page.tsx";
import { VisibilityMark } from "#components/parameters/visibility-mark.tsx";
import { paths } from "#components/paths.ts";
import type { CommunicationQuestion } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { AskLink } from "#components/ui/button.tsx";
import { TitledCard } from "#components/ui/card.tsx";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { DefinitionList } from "#components/ui/definition-list.tsx";
import { Mono } from "#components/ui/mono.tsx";
import { channelIp6, channelMac, HOST_ADDRESS } from "#lib/domain/channel-address.ts";
import type { InstanceDetail } from "#lib/domain/instance.ts";
import { listChannelLines } from "#lib/channel/list-channel-lines.ts";

interface Props {
  readonly params: Promise<{ readonly name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Communication of ${decodeURIComponent((await params).name)}` };
}

/** What an instance and its host have to say to each other. */
export default function InstanceCommunicationPage({ params }: Props): Promise<ReactNode> {
  return consolePage(async (ctx) => {
    const instance = await loadInstance((await params).name);
    const lines = await listChannelLines(ctx, instance.name, { limit: PART });
    const { name, communication, datasource, userData, lockedByJobId } = instance;
    const blocked = lockedByJobId === null ? null : `Job ${lockedByJobId} is at work on it`;
    const user = ctx.identity.name;
    return (
      <div className="flex flex-col gap-5">
        <div className="grid items-start gap-5 lg:grid-cols-2">
          <div className="flex min-w-0 flex-col gap-5">
            <TitledCard title="Communication mechanism" aside={<Ask name={name} question="switch" blocked={blocked} word={communication ? "Switch it off" : "Switch it on"} />}>
              <DefinitionList items={factsOf(instance, blocked)} />
            </TitledCard>
            <TitledCard
              title="User data"
              aside={
                <span className="flex flex-wrap gap-2">
                  {userData.isSet ? <Ask name={name} question="delete-user-data" blocked={blocked} word="Delete" /> : null}
                  <Ask name={name} question="user-data" blocked={userData.isSet ? null : blocked} hidden={blocked !== null} word={userData.isSet ? "Replace" : "Set"} />
                </span>
              }
            >
              <p className="flex flex-wrap items-center gap-x-3 px-4 pb-4">
                <VisibilityMark visibility="private" />
                <span className="text-soft">
                  {userData.isSet ? "set" : "none"}
                  {userData.fingerprint === null ? null : (
                    <>
                      {" "}
                      · fingerprint <Mono>{userData.fingerprint}</Mono>
                    </>
                  )}
                </span>
              </p>
            </TitledCard>
          </div>
          <TitledCard title="SSH keys" aside="that metadata hands out">
            <SshKeys instance={name} keys={sshKeyRows(instance.sshKeys)} blocked={blocked} user={user} />
          </TitledCard>
        </div>
        <ChannelLog key={instance.id} instance={name} initial={lines} why={whyNotSent(instance)} />
        {blocked === null ? <CommunicationDialogs name={name} communication={communication} datasource={datasource} hasUserData={userData.isSet} user={user} /> : null}
      </div>
    );
  });
}

/** To the dialog of a question, or why it can't be asked now. */
function Ask({ name, question, blocked, hidden = false, word }: { readonly name: string; readonly question: CommunicationQuestion; readonly blocked: string | null; readonly hidden?: boolean; readonly word: string }) {
  if (blocked !== null) return blocked;
  return hidden ? null : <AskLink href={paths.instanceCommunication(name, { do: question })}>{word}</AskLink>;
}

function factsOf(instance: InstanceDetail, blocked: string | null): readonly (readonly [string, ReactNode])[] {
  const { name, communication, channelIp, datasource, operState } = instance;
  return [
    [
      "Normal running",
      <span key="on">
        <Status tone={communication ? "ok" : "still"}>{communication ? "on" : "off"}</Status>
        <span className="block text-small text-soft">{operState === "running" ? "A change holds from its next start on." : "It holds from its next start on."} During installs that need it, it is always on.</span>
      </span>,
    ],
    ["Host", <Mono key="host">{HOST_ADDRESS}</Mono>],
    [
      "Own address",
      channelIp === null ? (
        <span key="ip" className="text-soft">{communication ? "none: in session mode it needs none" : "none while it is off"}</span>
      ) : (
        <span key="ip" className="flex flex-col">
          <span>
            <Mono>{channelIp}</Mono>
            <CopyIcon text={channelIp} label="address of the channel" />
          </span>
          <Mono className="text-soft">{channelIp6(channelIp)}</Mono>
          <Mono className="text-soft">{channelMac(channelIp)}</Mono>
        </span>
      ),
    ],
    [
      "Datasource",
      <span key="datasource" className="inline-flex flex-wrap items-center gap-x-3">
        {DATASOURCE[datasource].word}
        {blocked === null ? (
          <Link href={paths.instanceCommunication(name, { do: "datasource" })} replace scroll={false} prefetch={false} aria-label="Change the datasource" className="rounded-sm text-accent hover:underline">
            Change
          </Link>
        ) : null}
      </span>,
    ],
  ];
}
