/** What an instance may have, whichever way it comes: by a request, or from another cluster. */
export const INSTANCE_LIMITS = {
  disks: 16,
  nics: 8,
  tags: 128,
  vcpus: 256,
  memoryMib: { min: 32, max: 16_777_216 },
  diskMib: { min: 1, max: 67_108_864 },
  sshKeys: 64,
  /** Ports of one NIC that its node forwards. */
  forwards: 16,
  /** Characters of a disk's, a NIC's or a link's name. */
  label: 64,
} as const;

/** Ganeti's rule for tags. */
export const TAG = /^[\w.+*/:@-]{1,128}$/;
export const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/** Bytes of user data in UTF-8: EC2's 16 KiB, as the API of most clouds has it. */
export const USER_DATA_BYTES = 16_384;

/** How many bytes user data are in UTF-8. */
export function userDataBytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
