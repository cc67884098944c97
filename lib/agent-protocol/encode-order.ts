import type { ParameterSet } from "#lib/domain/parameters.ts";
import type { DiskOrder, GuestData, InstallOrder, PowerOrder, ProbeRequest } from "./messages.ts";

/**
 * Orders as they go over mutual TLS to the agent of the instance's node: the messages that carry private and secret values (design:
 * "controller to agent, over mutual TLS"). The results must go into a request body and nowhere else.
 */
export function encodeInstallOrder(order: InstallOrder): string {
  return JSON.stringify({ ...order, parameters: openParameters(order.parameters), userData: order.userData?.open() ?? null, package: openPackage(order.package) });
}

export function encodeDiskOrder(order: DiskOrder): string {
  if (order.action !== "rollback") return JSON.stringify(order);
  return JSON.stringify({ ...order, guestData: order.guestData === null ? null : openGuestData(order.guestData) });
}

export function encodeProbeRequest(request: ProbeRequest): string {
  return JSON.stringify({ ...request, package: openPackage(request.package) });
}

export function encodePowerOrder(order: PowerOrder): string {
  return JSON.stringify({ ...order, guestData: order.guestData === null ? null : openGuestData(order.guestData) });
}

export function encodeGuestData(data: GuestData): string {
  return JSON.stringify(openGuestData(data));
}

function openPackage(archive: InstallOrder["package"]): object | null {
  return archive === null ? null : { ...archive, credentials: archive.credentials?.open() ?? null };
}

function openGuestData({ parameters, userData, userDataMark }: GuestData): object {
  return { parameters: openParameters(parameters), userData: userData?.open() ?? null, userDataMark };
}

function openParameters(parameters: ParameterSet): object {
  return Object.fromEntries(
    [...parameters].map(([name, parameter]) => [name, { visibility: parameter.visibility, value: parameter.visibility === "public" ? parameter.value : parameter.value.open() }]),
  );
}
