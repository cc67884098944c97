/** User data: private, as a parameter of that class is, and stored as one (design: visibility, row "instance record in PostgreSQL"). */
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

/** What may be told of it. */
export async function viewUserData(keyring: Keyring, row: { readonly id: string; readonly userData: Uint8Array | null }): Promise<{ readonly isSet: boolean; readonly fingerprint: string | null }> {
  const userData = await unsealUserData(keyring, row);
  return { isSet: userData !== null, fingerprint: userData === null ? null : keyring.fingerprint(userData, { scope: row.id, name: USER_DATA }) };
}
