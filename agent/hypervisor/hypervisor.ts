/** A disk of a guest. `file` is relative to the guest's folder. */
export interface GuestDisk {
  readonly file: string;
  /** What the guest finds it by. */
  readonly serial: string;
  readonly readOnly: boolean;
  /** The guest's flushes may be ignored: who started it makes the file durable afterwards. */
  readonly unsafeCache: boolean;
}

/** What a guest's network interface is connected to. */
export type NicLink =
  /** It leads nowhere. */
  | { readonly kind: "closed" }
  /** QEMU's own network, closed but for ports of the host's loopback that lead to ports of the guest. */
  | { readonly kind: "user"; readonly forwards: readonly { readonly guestPort: number; readonly hostPort: number }[] }
  /** A TAP that the launcher hands over at this descriptor. */
  | { readonly kind: "tap"; readonly fd: number };

export interface GuestNic {
  readonly mac: string;
  readonly link: NicLink;
}

/** How a guest's channel leads to its host (agent/network/): QEMU's own network, or a TAP of the guest's that the launcher hands over. */
export type ChannelLink = { readonly kind: "session" } | { readonly kind: "tap"; readonly fd: number; readonly mac: string };

/** A kernel that a guest is started with, its initial RAM disk, and the line that it is told. */
export interface GuestKernel {
  readonly kernel: string;
  readonly initrd: string | null;
  readonly commandLine: string;
}

/** Something to install from. Read only; a CD-ROM drive is on the bus that the guest's system is expected to know. */
export type GuestMedium = { readonly device: "cdrom"; readonly bus: "ide" | "scsi" | "virtio"; readonly file: string } | { readonly device: "floppy"; readonly file: string };

/** What a guest's firmware tries first. */
export type BootDevice = "disk" | "cdrom" | "floppy" | "network";

/**
 * `instance`: its own system, found again by a restarted agent. `appliance`: the product's own, from a kernel. `medium`: an instance's
 * machine that runs what it is installed from; it ends where it would start again. `rescue`: the appliance with a shell, in an instance's
 * place and, like it, found again.
 */
export type GuestKind = "instance" | "appliance" | "medium" | "rescue";

/** Everything that a hypervisor needs to run a guest. Paths are relative to `folder`, which becomes its working folder. */
export interface GuestPlan {
  readonly kind: GuestKind;
  /** The instance's id; the guest sees it as its machine's UUID. */
  readonly id: string;
  readonly folder: string;
  /** What the helper calls the guest, where its interfaces come from there. */
  readonly key: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  /** A kernel to start with, or null: by the firmware, from what `startsFrom` says. */
  readonly boot: GuestKernel | null;
  readonly startsFrom: BootDevice;
  readonly media: readonly GuestMedium[];
  readonly disks: readonly GuestDisk[];
  readonly nics: readonly GuestNic[];
  /** The communication channel, which is the guest's last network interface; null: it has none. */
  readonly channel: ChannelLink | null;
  /** What an instance with a channel finds that its machine is, so that it looks for its metadata there. */
  readonly datasource: "openstack" | "ec2" | "none";
}

/** How a guest ended. */
export interface GuestExit {
  /** The guest itself, somebody here, or a failure of the hypervisor. */
  readonly by: "guest" | "agent" | "failure";
  /** For a person. */
  readonly reason: string;
}

export interface RunningGuest {
  readonly startedAt: Date;
  /** Resolves when nothing of the guest runs any more. Never rejects. */
  readonly exited: Promise<GuestExit>;
  /** Presses the power button. The guest may take no notice. */
  pressPowerButton(): Promise<void>;
  /** Ends the channel's youngest connections beyond so many. Returns how many those were. */
  endConnectionsBeyond(most: number): Promise<number>;
  /** Ends the guest at once. Resolves when it is gone. */
  end(): Promise<void>;
  /** Types bytes into its serial console. Resolves when more may be typed; what nobody listens to is lost. */
  type(bytes: Buffer): Promise<void>;
  /** Lets the guest go on without this process; it can be adopted again. */
  release(): Promise<void>;
}

/** What becomes of a guest's serial console. Bytes as they come, not yet scrubbed. */
export type SerialSink = (bytes: Buffer) => void;

export interface Acceleration {
  readonly accelerator: "kvm" | "tcg";
  /** Why it isn't hardware's; null where it is. */
  readonly reason: string | null;
}

/** What runs virtual machines on a node. QEMU is the one there is (agent/hypervisor/qemu.ts). */
export interface Hypervisor {
  readonly version: string | null;
  /** What is known of this machine without trying. */
  readonly acceleration: Acceleration;
  /** Finds out, once per boot of the machine, whether hardware acceleration works, with a kernel that ends by itself. */
  probe(boot: { readonly kernel: string; readonly initrd: string }): Promise<Acceleration>;
  start(plan: GuestPlan, serial: SerialSink): Promise<RunningGuest>;
  /** The instance, or its rescue system, that an earlier process of the agent started in a folder; "lost" where it no longer runs or answers. */
  adopt(folder: string, serial: SerialSink): Promise<RunningGuest | "lost" | "none">;
  /** Ends whatever runs in a folder, known or not, and removes its sockets. */
  clear(folder: string): Promise<void>;
}
