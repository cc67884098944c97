/**
 * Where we answer otherwise than the recorded Ganeti, on purpose. The contract test fails on a difference that isn't here,
 * and on one that is here and isn't one.
 *
 * Of every answer's headers: `Server` says who we are; connections stay open, so that a client that asks often needn't shake
 * hands often; `Cache-Control` keeps answers out of caches.
 */
export interface RecordedDifference {
  /** Name of the recorded exchange. */
  readonly exchange: string;
  /** As lib/rapi/testing-shapes.ts writes it. */
  readonly difference: string;
  readonly reason: string;
}

const ONE_HYPERVISOR = "QEMU/KVM is the one hypervisor, so there are no parameters of another";
const OTHER_DEFAULT_NIC = "the recorded cluster's NICs are routed by default, ours are QEMU's own; a NIC says what it has beyond the default";

export const RECORDED_DIFFERENCES: readonly RecordedDifference[] = [
  ...["xen-pvm", "chroot", "xen-hvm", "lxc", "fake"].map((name) => ({ exchange: "info", difference: `.hvparams.${name}: missing`, reason: ONE_HYPERVISOR })),
  ...["mode", "link"].flatMap((name) => [
    { exchange: "instances_bulk", difference: `[].custom_nicparams[].${name}: added`, reason: OTHER_DEFAULT_NIC },
    { exchange: "instance2", difference: `.custom_nicparams[].${name}: added`, reason: OTHER_DEFAULT_NIC },
  ]),
];
