import Link from "next/link";
import type { ReactNode } from "react";
import { CopyIcon } from "#components/ui/copy-button.tsx";
import { Mono } from "#components/ui/mono.tsx";
import type { InstanceDetail } from "#lib/domain/instance.ts";
import type { HostKeyView } from "#lib/domain/network.ts";
import { knownHostsLine, sshCommand, waysTo, wayText } from "./reach.ts";
import type { Way } from "./reach.ts";

/** A way to an instance, ready to be copied: a command for SSH, an address for anything else. */
export function WayTo({ way, node }: { readonly way: Way; readonly node: string }) {
  const command = sshCommand(way);
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      {command === null ? (
        <span className="whitespace-nowrap">
          port {way.guestPort} at <Mono>{wayText(way)}</Mono>
        </span>
      ) : (
        <Mono className="rounded-sm bg-log px-1.5 py-0.5">{command}</Mono>
      )}
      <CopyIcon text={command ?? wayText(way)} label={command === null ? `address of port ${way.guestPort}` : "command"} />
      {way.onNode ? (
        <span className="text-small text-soft">
          on node <Mono>{node}</Mono>
        </span>
      ) : null}
    </span>
  );
}

/** What ssh shows at the first connection, so that it can be compared before it is believed: the first of a system's keys. */
export function FirstHostKey({ keys, more }: { readonly keys: readonly HostKeyView[]; readonly more: string }) {
  const [first] = keys;
  if (first === undefined) return null;
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2 text-small text-soft">
      Host key {first.type}
      <Mono className="text-ink wrap-anywhere">{first.fingerprint}</Mono>
      <Link href={more} prefetch={false} aria-label="More about its SSH host keys" className="rounded-sm text-accent hover:underline">
        more
      </Link>
    </span>
  );
}

/** How an instance is reached, and by what it is known. */
export function Ways({ instance }: { readonly instance: Pick<InstanceDetail, "name" | "node" | "nics" | "hostKeys" | "operState"> }) {
  const ways = instance.nics.flatMap((nic) => waysTo(nic).map((way) => ({ nic, way })));
  return (
    <div className="grid gap-x-8 gap-y-4 px-4 pb-4 lg:grid-cols-2">
      <Part title="Reach it">
        {ways.length === 0 ? (
          <p className="text-soft">{whyNot(instance)}</p>
        ) : (
          <ul className="flex flex-col gap-1.5">
            {ways.map(({ nic, way }) => (
              <li key={`${nic.id} ${way.guestPort}`}>
                <WayTo way={way} node={instance.node} />
              </li>
            ))}
          </ul>
        )}
      </Part>
      <Part title="Its SSH host keys">
        {instance.hostKeys === null || instance.hostKeys.length === 0 ? (
          <p className="text-soft">Not known. A system that shows them on its serial console when it boots, as cloud-init does, has them here.</p>
        ) : (
          <HostKeys keys={instance.hostKeys} nics={instance.nics} name={instance.name} />
        )}
      </Part>
    </div>
  );
}

function HostKeys({ keys, nics, name }: { readonly keys: readonly HostKeyView[]; readonly nics: InstanceDetail["nics"]; readonly name: string }) {
  return (
    <ul className="flex flex-col gap-1.5">
      {keys.map((key) => (
        <li key={key.fingerprint} className="flex flex-wrap items-center gap-x-2">
          <span className="text-small text-soft">{key.type}</span>
          <span className="inline-flex min-w-0 items-center">
            <Mono className="wrap-anywhere">{key.fingerprint}</Mono>
            <CopyIcon text={knownHostsLine(key, nics, name)} label={`line of ${key.type} for known_hosts`} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-1.5 text-small text-soft">{title}</h3>
      {children}
    </div>
  );
}

function whyNot({ nics, operState }: Pick<InstanceDetail, "nics" | "operState">): string {
  if (nics.length === 0) return "It has no NIC.";
  const forwards = nics.some(({ mode, forwards: ports }) => mode === "user" && ports.length > 0);
  if (forwards) return operState === "running" ? "The node hasn’t said yet where its ports are. They are forwarded from its next start on." : "Its ports are forwarded while it runs.";
  return "It has no address, and none of its ports is forwarded.";
}
