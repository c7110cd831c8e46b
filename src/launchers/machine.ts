// What solo5-virtio-run is asked to start, before it is put in any hypervisor's words. docs/abi.md 5.4.

export interface VirtioDisk {
  readonly kind: "block";
  /** A file or a disk, by its absolute path. */
  readonly path: string;
}

export interface VirtioNic {
  readonly kind: "net";
  /** A tap. */
  readonly interface: string;
  /** What the device tells the guest; its own default unless given. */
  readonly mtu?: number;
}

export interface VirtioMachine {
  /** Absolute path. */
  readonly kernel: string;
  readonly args: readonly string[];
  /** As hypervisors take it: megabytes, or with a unit. */
  readonly memory: string;
  /** In the order of the manifest. */
  readonly devices: readonly (VirtioDisk | VirtioNic)[];
}

/** The first PCI slot for devices, in which the bindings then find them in this order: 0 and 1 are the bridges. */
export const firstSlot = 2;
/** Slots of a PCI bus. */
export const slotCount = 32;
