// QEMU's isa-debug-exit, by which test suites end a machine: a value that is written becomes an odd status.
import type { PortDevice } from "./ports.js";

const port = 0x501;

/** QEMU's status for a value. */
export const debugExitStatus = (value: number): number => ((value << 1) | 1) & 0xff;

export const createDebugExit = (end: (status: number) => void): PortDevice => ({
  ports: [[port, port]],
  in: () => 0,
  out: (_port, value) => end(debugExitStatus(value)),
});
