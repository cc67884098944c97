/**
 * What `/2/info` says of things that a cluster of ours doesn't let anybody set: Ganeti's defaults, so that clients that look
 * for a field find it. Names and values as Ganeti 3.0.2 has them.
 */

/** The version of Ganeti whose remote API this is: clients compare it. */
export const GANETI_VERSION = "3.0.2";
/** Version of Ganeti's interface between a node and the scripts of an OS definition. */
export const OS_API_VERSION = 20;

/** MiB and processors of an instance for which nothing is asked. */
export const DEFAULT_BACKEND = { memoryMib: 512, vcpus: 1 } as const;

/** A NIC for which nothing is asked: QEMU's own network, which needs no bridge and no root. */
export const DEFAULT_NIC = { mode: "user", link: "", vlan: "" } as const;

export const KVM_PARAMETERS = {
  acpi: true,
  boot_order: "disk",
  cdrom2_image_path: "",
  cdrom_disk_type: "",
  cdrom_image_path: "",
  cpu_cores: 0,
  cpu_mask: "all",
  cpu_sockets: 0,
  cpu_threads: 0,
  cpu_type: "",
  disk_aio: "threads",
  disk_cache: "default",
  disk_discard: "default",
  disk_type: "paravirtual",
  floppy_image_path: "",
  initrd_path: "",
  kernel_args: "ro",
  kernel_path: "/boot/vmlinuz-3-kvmU",
  keymap: "",
  kvm_extra: "",
  kvm_flag: "",
  kvm_path: "/usr/bin/kvm",
  kvm_pci_reservations: 12,
  machine_version: "",
  mem_path: "",
  migration_bandwidth: 32,
  migration_caps: "",
  migration_downtime: 30,
  migration_mode: "live",
  migration_port: 8102,
  nic_type: "paravirtual",
  reboot_behavior: "reboot",
  root_path: "/dev/vda1",
  scsi_controller_type: "lsi",
  security_domain: "",
  security_model: "none",
  serial_console: true,
  serial_speed: 38400,
  soundhw: "",
  spice_bind: "",
  spice_image_compression: "",
  spice_ip_version: 0,
  spice_jpeg_wan_compression: "",
  spice_password_file: "",
  spice_playback_compression: true,
  spice_streaming_video: "",
  spice_tls_ciphers: "HIGH:-DES:-3DES:-EXPORT:-DH",
  spice_use_tls: false,
  spice_use_vdagent: true,
  spice_zlib_glz_wan_compression: "",
  usb_devices: "",
  usb_mouse: "",
  use_chroot: false,
  use_guest_agent: false,
  use_localtime: false,
  user_shutdown: false,
  vga: "",
  vhost_net: false,
  virtio_net_queues: 1,
  vnc_bind_address: "",
  vnc_password_file: "",
  vnc_tls: false,
  vnc_x509_path: "",
  vnc_x509_verify: false,
  vnet_hdr: true
} as const;

const SMALLEST = { "memory-size": 128, "disk-size": 1024, "disk-count": 1, "cpu-count": 1, "nic-count": 1, "spindle-use": 1 } as const;

export const INSTANCE_POLICY = {
  minmax: [{ min: SMALLEST, max: {"memory-size": 32768, "disk-size": 1048576, "disk-count": 16, "cpu-count": 8, "nic-count": 8, "spindle-use": 12} }],
  std: SMALLEST,
  "spindle-ratio": 32,
  "vcpu-ratio": 4,
  "disk-templates": ["file", "diskless"],
} as const;

export const DISK_PARAMETERS = {
  blockdev: {},
  diskless: {},
  drbd: {
    "c-delay-target": 1,
    "c-fill-target": 0,
    "c-max-rate": 61440,
    "c-min-rate": 4096,
    "c-plan-ahead": 20,
    "data-stripes": 1,
    "disk-barriers": "n",
    "disk-custom": "",
    "dynamic-resync": false,
    "meta-barriers": false,
    "meta-stripes": 1,
    metavg: "xenvg",
    "net-custom": "",
    protocol: "C",
    "resync-rate": 61440
  },
  ext: {
    access: "kernelspace"
  },
  file: {},
  gluster: {
    access: "kernelspace",
    host: "127.0.0.1",
    port: 24007,
    volume: "gv0"
  },
  plain: {
    stripes: 1
  },
  rbd: {
    access: "kernelspace",
    pool: "rbd"
  },
  sharedfile: {}
} as const;

export const DATA_COLLECTORS = ["cpu-avg-load", "diskstats", "drbd", "inst-status-xen", "lv", "xen-cpu-avg-load"] as const;
