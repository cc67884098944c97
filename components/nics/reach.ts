import type { NicView } from "#lib/domain/instance.ts";
import type { HostKeyView } from "#lib/domain/network.ts";

/** A way to an instance. */
export interface Way {
  /** The node's own loopback: only from there. */
  readonly onNode: boolean;
  readonly host: string;
  readonly port: number;
  readonly guestPort: number;
}

const SSH = 22;

/** Where a NIC is reached: by the ports that its node forwards, or by its address. */
export function waysTo({ mode, ip, reach }: Pick<NicView, "mode" | "ip" | "reach">): readonly Way[] {
  if (mode === "user") return reach.map(({ host, port, guestPort }) => ({ onNode: true, host, port, guestPort }));
  return ip === null ? [] : [{ onNode: false, host: ip, port: SSH, guestPort: SSH }];
}

/** `ssh -p 40022 root@127.0.0.1`; null where SSH isn't what is reached. */
export function sshCommand({ host, port, guestPort }: Way): string | null {
  if (guestPort !== SSH) return null;
  return port === SSH ? `ssh root@${host}` : `ssh -p ${port} root@${host}`;
}

/** `127.0.0.1:40080` */
export function wayText({ host, port }: Way): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** A line for known_hosts, under every name by which SSH may come: by the ways there are, or by the instance's name. */
export function knownHostsLine(key: HostKeyView, nics: readonly Pick<NicView, "mode" | "ip" | "reach">[], name: string): string {
  const ways = nics.flatMap(waysTo).filter(({ guestPort }) => guestPort === SSH);
  const hosts = ways.map(({ host, port }) => (port === SSH ? host : `[${host}]:${port}`));
  return `${hosts.length === 0 ? name : [...new Set(hosts)].join(",")} ${key.type} ${key.key}`;
}
