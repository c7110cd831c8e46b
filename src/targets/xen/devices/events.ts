// Event channels of two levels: ports, who is at their other end, and the bits in the shared page that tell the guest. docs/abi.md 11.3.
import { domid, errno, portMax, portState, sharedInfo, vcpuInfo } from "../../../abi/xen.js";
import type { Stateful } from "../../../bytes/plain.js";
import type { SharedPage } from "./shared-page.js";

/** What a port is bound to. A back end's own end is a function, which is no state: it binds again. */
type Port =
  | { readonly kind: "unbound"; readonly remote: number }
  | { readonly kind: "interdomain" }
  | { readonly kind: "virq"; readonly virq: number };

/** How the guest is interrupted when a bit has been set. */
export interface Upcall {
  /** The virtual CPU's mark has just been set. */
  marked(): void;
}

export interface Events {
  /** A port, or the negative of an error. */
  offer(remote: number): number;
  bindVirq(virq: number): number;
  close(port: number): number;
  status(port: number): number | undefined;
  /** The guest tells whoever is at the other end. */
  send(port: number): number;
  unmask(port: number): number;
  /** Of one of our ends: false where the port was not offered to it. `heard` is called when the guest sends. */
  connect(port: number, heard: () => void): boolean;
  disconnect(port: number): void;
  /** Sets the bit of a port, from one of our ends. */
  notify(port: number): void;
  virqHasCome(virq: number): void;
  isPending(port: number): boolean;
  /** Whether the mark of the virtual CPU is set. */
  readonly isMarked: boolean;
  readonly stateful: Stateful;
}

/** 0 is no port. */
const firstPort = 1;

export function createEvents(page: SharedPage, upcall: Upcall): Events {
  let ports: Record<number, Port> = {};
  const ends = new Map<number, () => void>();
  const bit = (base: number, port: number): boolean =>
    (page.view().getUint8(base + (port >> 3)) & (1 << (port & 7))) !== 0;
  const setBit = (view: DataView, at: number, number: number): boolean => {
    const [byte, mask] = [at + (number >> 3), 1 << (number & 7)];
    const before = view.getUint8(byte);
    view.setUint8(byte, before | mask);
    return (before & mask) === 0;
  };
  const mark = (port: number): void => {
    const vcpu = page.vcpu();
    if (!setBit(vcpu, vcpuInfo.offsets.pendingSel, port >> 6)) return;
    if (vcpu.getUint8(vcpuInfo.offsets.upcallPending) !== 0) return;
    vcpu.setUint8(vcpuInfo.offsets.upcallPending, 1);
    upcall.marked();
  };
  const notify = (port: number): void => {
    if (setBit(page.view(), sharedInfo.pending, port) && !bit(sharedInfo.mask, port)) mark(port);
  };
  const add = (bound: Port): number => {
    for (let port = firstPort; port < portMax; port++) {
      if (ports[port] !== undefined) continue;
      ports[port] = bound;
      return port;
    }
    return -errno.ENOSPC;
  };
  return {
    offer: (remote) => add({ kind: "unbound", remote }),
    bindVirq(virq) {
      const isBound = Object.values(ports).some((port) => port.kind === "virq" && port.virq === virq);
      return isBound ? -errno.EEXIST : add({ kind: "virq", virq });
    },
    close(port) {
      if (ports[port] === undefined) return -errno.EINVAL;
      delete ports[port];
      ends.delete(port);
      const view = page.view();
      const byte = sharedInfo.pending + (port >> 3);
      view.setUint8(byte, view.getUint8(byte) & ~(1 << (port & 7)));
      return 0;
    },
    status(port) {
      if (port <= 0 || port >= portMax) return undefined;
      const bound = ports[port];
      return bound === undefined ? portState.closed : portState[bound.kind];
    },
    send(port) {
      const bound = ports[port];
      if (bound === undefined || bound.kind === "virq") return -errno.EINVAL;
      if (bound.kind === "interdomain") ends.get(port)?.();
      return 0;
    },
    unmask(port) {
      if (port <= 0 || port >= portMax) return -errno.EINVAL;
      const view = page.view();
      const byte = sharedInfo.mask + (port >> 3);
      view.setUint8(byte, view.getUint8(byte) & ~(1 << (port & 7)));
      if (bit(sharedInfo.pending, port)) mark(port);
      return 0;
    },
    connect(port, heard) {
      const bound = ports[port];
      const isOurs =
        bound?.kind === "interdomain" || (bound?.kind === "unbound" && bound.remote === domid.backend);
      if (!isOurs) return false;
      ports[port] = { kind: "interdomain" };
      ends.set(port, heard);
      return true;
    },
    disconnect(port) {
      ends.delete(port);
      if (ports[port]?.kind === "interdomain") ports[port] = { kind: "unbound", remote: domid.backend };
    },
    notify(port) {
      if (ports[port]?.kind === "interdomain") notify(port);
    },
    virqHasCome(virq) {
      for (const [port, bound] of Object.entries(ports))
        if (bound.kind === "virq" && bound.virq === virq) notify(Number(port));
    },
    isPending: (port) => bit(sharedInfo.pending, port),
    get isMarked() {
      return page.vcpu().getUint8(vcpuInfo.offsets.upcallPending) !== 0;
    },
    stateful: {
      save: () => ({ ...ports }),
      restore: (saved: Record<number, Port>) => (ports = { ...saved }),
    },
  };
}
