// QEMU's isa-debug-exit, by which test suites end a machine: a value that is written becomes an odd status. Bindings of ours
// say their unikernel's own status in bits that QEMU does not show: guest/bindings/virtio/platform.c.
import { stateIn } from "../../../bytes/plain.js";
import type { DeviceTrace } from "../../contract.js";
import type { PortDevice } from "./ports.js";

const port = 0x501;
/** In the low byte: the upper one is the guest's status. */
const tellsStatus = 0xa9;

export interface DebugExit {
  readonly status: number;
  /** Whether the guest itself has told it, and in RCX where the cookie is that hvt's halt has. */
  readonly isTold: boolean;
}

/** What a value says; without the guest's own status, QEMU's. */
export const debugExitOf = (value: number): DebugExit =>
  (value & 0xff) === tellsStatus
    ? { status: (value >> 8) & 0xff, isTold: true }
    : { status: ((value << 1) | 1) & 0xff, isTold: false };

export const createDebugExit = (end: (exit: DebugExit) => void, deviceTrace?: DeviceTrace): PortDevice => ({
  ports: [[port, port]],
  in: () => 0,
  out(_port, value) {
    const exit = debugExitOf(value);
    deviceTrace?.({ device: "debug-exit", name: "exit", args: [exit.status], results: [] });
    end(exit);
  },
  stateful: stateIn({}),
});
