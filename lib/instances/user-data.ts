/** User data: private, as a parameter of that class is, and stored as one (design: visibility, row "instance record in PostgreSQL"). */
import type { GuestData } from "#lib/agent-protocol/messages.ts";
import type { Keyring } from "#lib/context/context.ts";
import { USER_DATA } from "#lib/context/context.ts";
import type { Private } from "#lib/domain/visibility.ts";

export function sealUserData(keyring: Keyring, instanceId: string, userData: Private<string>): Uint8Array<ArrayBuffer> {
  return keyring.seal(userData, { kind: "user-data", instanceId, name: USER_DATA });
}

/** @throws SlipwayError `internal` where the key is missing */
export async function unsealUserData(keyring: Keyring, row: { readonly id: string; readonly userData: Uint8Array | null }): Promise<Private<string> | null> {
  return row.userData === null ? null : keyring.unseal(row.userData, { kind: "user-data", instanceId: row.id, name: USER_DATA });
}

/** What is given to the instance's node: the user data, and by what they are known when they are gone from its memory. */
export async function nodeUserData(keyring: Keyring, row: { readonly id: string; readonly userData: Uint8Array | null }): Promise<Pick<GuestData, "userData" | "userDataMark">> {
  const userData = await unsealUserData(keyring, row);
  return userData === null ? { userData } : { userData, userDataMark: fingerprintOf(keyring, row.id, userData) };
}

/** What may be told of it. */
export async function viewUserData(keyring: Keyring, row: { readonly id: string; readonly userData: Uint8Array | null }): Promise<{ readonly isSet: boolean; readonly fingerprint: string | null }> {
  const userData = await unsealUserData(keyring, row);
  return { isSet: userData !== null, fingerprint: userData === null ? null : fingerprintOf(keyring, row.id, userData) };
}

function fingerprintOf(keyring: Keyring, instanceId: string, userData: Private<string>): string {
  return keyring.fingerprint(userData, { scope: instanceId, name: USER_DATA });
}
