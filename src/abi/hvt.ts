// hvt: hypercalls, boot information and the ring that a network device may use instead of hypercalls. docs/abi.md 3.2 to 3.5.
import { array, i32, struct, u32, u64 } from "../bytes/struct.js";

const blockIo = struct(40, { handle: u64, offset: u64, data: u64, len: u64, ret: i32 });
const netIo = struct(32, { handle: u64, data: u64, len: u64, ret: i32 });

/**
 * One row a hypercall: its number, its argument, the fields of it that are the host's to fill in, and who fills the bytes
 * that `data` and `len` name. Lengths in bytes, times in nanoseconds, `data` a guest address.
 */
export const hypercalls = {
  walltime: { nr: 1, args: struct(8, { nsecs: u64 }), results: ["nsecs"] },
  puts: { nr: 2, args: struct(16, { data: u64, len: u64 }), results: [], filledBy: "guest" },
  poll: {
    nr: 3,
    args: struct(24, { timeoutNsecs: u64, readySet: u64, ret: i32 }),
    results: ["readySet", "ret"],
  },
  blockWrite: { nr: 4, args: blockIo, results: ["ret"], filledBy: "guest" },
  blockRead: { nr: 5, args: blockIo, results: ["ret"], filledBy: "host" },
  netWrite: { nr: 6, args: netIo, results: ["ret"], filledBy: "guest" },
  netRead: { nr: 7, args: netIo, results: ["len", "ret"], filledBy: "host" },
  halt: { nr: 8, args: struct(16, { cookie: u64, exitStatus: i32 }), results: [] },
} as const;
export type HypercallName = keyof typeof hypercalls;

/** A halt's cookie, where it is not 0, points to as many bytes (a trap frame). */
export const haltCookieSize = 512;

/** x86-64: `out` to this port plus the number, with the argument's guest address. */
export const hypercallPort = 0x500;
/** x86-64: any write here wakes the host's side of the ring. */
export const ringKickPort = 0x600;
/** aarch64: a 32-bit store to this address plus eight times the number. */
export const hypercallMmio = 0x1_0000_0000;
export const ringKickMmio = 0x1_0000_0100;

export const bootInfo = struct(56, {
  memSize: u64,
  kernelEnd: u64,
  cycleFreq: u64,
  cmdline: u64,
  mft: u64,
  hostFeatures: u32,
  guestFeatures: u32,
  netRing: u64,
});
export const bootInfoBase = 0x10000;
export const feature = { ringIo: 1 } as const;

/** Guest memory is a multiple of this. */
export const memUnit = 0x20_0000;

export const ringEntries = 1024;
export const ringOp = { write: 1, read: 2 } as const;
export const ringEntry = struct(32, { op: u32, handle: u32, gpa: u64, len: u32, id: u32, reserved: u64 });
export const ringCommit = struct(16, { id: u32, ret: i32, len: u32, reserved: u32 });
export const ring = struct(49280, {
  entTail: u32,
  comHead: u32,
  guestLine: array(u32, 14),
  entHead: u32,
  comTail: u32,
  needsKick: u32,
  hostLine: array(u32, 13),
  entries: array(ringEntry, ringEntries),
  commits: array(ringCommit, ringEntries),
});
