import { formatMib } from "#components/format.ts";
import { paths } from "#components/paths.ts";
import { Status } from "#components/status/mark.tsx";
import { INSTANCE_STATUS } from "#components/status/statuses.ts";
import { Mono } from "#components/ui/mono.tsx";
import { PageHeader } from "#components/ui/page-header.tsx";
import { LinkTabs } from "#components/ui/tabs.tsx";
import { INSTANCE_ACTIONS } from "#lib/domain/instance.ts";
import type { InstanceAction, InstanceDetail } from "#lib/domain/instance.ts";
import { reach } from "#lib/domain/access.ts";
import type { Identity, Operation } from "#lib/domain/access.ts";
import { InstanceActions } from "./instance-actions.tsx";

const OPERATION: Readonly<Record<InstanceAction, Operation>> = {
  start: "instance.power",
  stop: "instance.power",
  reboot: "instance.power",
  rescue: "instance.rescue",
  reinstall: "instance.reinstall",
  rollback: "instance.rollback",
  snapshot: "instance.snapshot",
  rename: "instance.rename",
  export: "instance.export",
  cancel: "job.cancel",
  delete: "instance.delete",
};

/** What is on it, in a few words. */
function systemText({ osType, installSource }: InstanceDetail): string {
  if (osType !== null) return osType;
  if (installSource.image !== null) return "from a disk image";
  return Object.keys(installSource.medium).length > 0 ? "from an install medium" : "no OS definition";
}

/** Name, status, actions and tabs: what stands above everything that is said of an instance. */
export function InstanceHeader({ instance, identity }: { readonly instance: InstanceDetail; readonly identity: Identity }) {
  const look = INSTANCE_STATUS[instance.status];
  const { name } = instance;
  return (
    <>
      <PageHeader
        title={name}
        mark={
          <Status tone={instance.rescue ? "wait" : look.tone} framed>
            {instance.rescue ? "Rescue system" : look.word}
          </Status>
        }
        actions={
          <InstanceActions
            name={name}
            allowed={INSTANCE_ACTIONS.filter((action) => reach(identity, OPERATION[action]) !== "none")}
            blocked={instance.blockedActions}
            jobId={instance.status === "installing" ? (instance.install?.jobId ?? instance.lockedByJobId) : null}
            installing={instance.status === "installing"}
            previous={instance.previous}
          />
        }
      >
        {systemText(instance)} · on <Mono>{instance.node}</Mono> · {instance.vcpus} vCPU, {formatMib(instance.memoryMib)}
        {instance.owner === null || (identity.kind === "user" && identity.name === instance.owner) ? null : <> · owned by {instance.owner}</>}
      </PageHeader>
      <LinkTabs
        label="About this instance"
        tabs={[
          { href: paths.instance(name), label: "Overview" },
          { href: paths.instanceInstall(name), label: "Install" },
          { href: paths.instanceParameters(name), label: "Parameters" },
          { href: paths.instanceHardware(name), label: "Disks and network" },
          ...(reach(identity, "instance.console") === "none" ? [] : [{ href: paths.instanceConsole(name), label: "Console" }]),
          ...(reach(identity, "instance.channel") === "none" ? [] : [{ href: paths.instanceCommunication(name), label: "Communication" }]),
          { href: paths.instanceHistory(name), label: "History" },
        ]}
      />
    </>
  );
}
