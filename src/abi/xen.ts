// xen: what a domain without emulated hardware (PVH) sees of Xen: how it is started, its hypercalls, and the pages that it shares.
// docs/abi.md 11; names are those of Xen's public headers.
import { array, bytes, i16, i8, packed, struct, u16, u32, u64, u8 } from "../bytes/struct.js";

// ---- The start ----

/** The note that tells the entry in 32-bit mode: its name and type. */
export const entryNote = { name: "Xen", type: 18 } as const;

export const startMagic = 0x336e_c578;
export const startInfo = struct(56, {
  magic: u32,
  version: u32,
  flags: u32,
  nrModules: u32,
  modlistPaddr: u64,
  cmdlinePaddr: u64,
  rsdpPaddr: u64,
  memmapPaddr: u64,
  memmapEntries: u32,
  reserved: u32,
});
export const startInfoVersion = 1;
export const memmapEntry = struct(24, { addr: u64, size: u64, type: u32, reserved: u32 });
export const rangeType = { ram: 1, reserved: 2 } as const;

/** The signature XenVMMXenVMM as EBX, ECX and EDX have it. */
export const cpuidSignature = [0x566e_6558, 0x6558_4d4d, 0x4d4d_566e] as const;
export const cpuidBase = 0x4000_0000;
/** The register that the address of a hypercall page is written to, as the third leaf says. */
export const hypercallMsr = 0x4000_0000;
export const hypercallStubSize = 32;

// ---- Hypercalls ----

export const hypercall = {
  memory_op: 12,
  set_timer_op: 15,
  xen_version: 17,
  console_io: 18,
  grant_table_op: 20,
  vcpu_op: 24,
  sched_op: 29,
  event_channel_op: 32,
  hvm_op: 34,
} as const;
export type XenHypercall = keyof typeof hypercall;

/** Errors are these, negated. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EAGAIN: 11,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EINVAL: 22,
  ENOSPC: 28,
  ENOSYS: 38,
  ETIME: 62,
} as const;

/** Sub-operations by the hypercall that has them. */
export const operation = {
  memory_op: { current_reservation: 3, maximum_reservation: 4, add_to_physmap: 7, memory_map: 9 },
  xen_version: { version: 0, extraversion: 1, get_features: 6 },
  console_io: { write: 0 },
  grant_table_op: { map_grant_ref: 0, unmap_grant_ref: 1, query_size: 6 },
  vcpu_op: {
    is_up: 3,
    stop_periodic_timer: 7,
    set_singleshot_timer: 8,
    stop_singleshot_timer: 9,
    register_vcpu_info: 10,
  },
  sched_op: { yield: 0, block: 1, shutdown: 2, poll: 3 },
  event_channel_op: {
    bind_interdomain: 0,
    bind_virq: 1,
    close: 3,
    send: 4,
    status: 5,
    alloc_unbound: 6,
    bind_vcpu: 8,
    unmask: 9,
  },
  hvm_op: { set_param: 0, get_param: 1, set_evtchn_upcall_vector: 23 },
} as const satisfies Partial<Record<XenHypercall, Readonly<Record<string, number>>>>;

export const domid = { backend: 0, self: 0x7ff0 } as const;

export const addToPhysmap = struct(24, { domid: u16, size: u16, space: u32, idx: u64, gpfn: u64 });
export const mapSpace = { sharedInfo: 0, grantTable: 1 } as const;
export const memoryMap = struct(16, { nrEntries: u32, buffer: u64 });
/** An entry, without padding. */
export const e820Entry = struct(20, { addr: packed(u64), size: packed(u64), type: u32 });

export const schedShutdown = struct(4, { reason: u32 });
export const shutdownReason = { poweroff: 0, reboot: 1, suspend: 2, crash: 3, watchdog: 4 } as const;
export const schedPoll = struct(24, { ports: u64, nrPorts: u32, timeout: u64 });
export const pollPortMax = 128;

export const allocUnbound = struct(8, { dom: u16, remoteDom: u16, port: u32 });
export const bindVirq = struct(12, { virq: u32, vcpu: u32, port: u32 });
export const bindVcpu = struct(8, { port: u32, vcpu: u32 });
export const eventPort = struct(4, { port: u32 });
export const eventStatus = struct(24, { dom: u16, port: u32, status: u32, vcpu: u32, u: u32, u2: u32 });
export const portState = { closed: 0, unbound: 1, interdomain: 2, virq: 4 } as const;
export const virqTimer = 0;

export const hvmParam = struct(16, { domid: u16, pad: u16, index: u32, value: u64 });
export const param = {
  callbackIrq: 0,
  storePfn: 1,
  storeEvtchn: 2,
  consolePfn: 17,
  consoleEvtchn: 18,
} as const;
export const paramCount = 39;
/** The upper byte of the callback parameter where the lower is a vector. */
export const callbackByVector = 2n;
export const upcallVector = struct(8, { vcpu: u32, vector: u8 });

export const singleshotTimer = struct(16, { timeoutAbsNs: u64, flags: u32 });
export const timerMustBeAhead = 1;
export const registerVcpuInfo = struct(16, { mfn: u64, offset: u32, rsvd: u32 });

export const featureInfo = struct(8, { submapIdx: u32, submap: u32 });

// ---- The shared page ----

/** How to read the time of a counter: KVM has it too. */
export const timeInfo = struct(32, {
  version: u32,
  pad0: u32,
  tscTimestamp: u64,
  systemTime: u64,
  tscToSystemMul: u32,
  tscShift: i8,
  flags: u8,
  pad1: bytes(2),
});
export const vcpuInfo = struct(64, {
  upcallPending: u8,
  upcallMask: u8,
  pendingSel: u64,
  cr2: u64,
  pad: u64,
  time: timeInfo,
});
export const portMax = 4096;
/** Offsets; vCPU 0 is at 0. */
export const sharedInfo = { pending: 2048, mask: 2560, wallClock: 3072 } as const;
export const wallClock = struct(12, { version: u32, sec: u32, nsec: u32 });

// ---- Grants ----

export const grantEntry = struct(8, { flags: u16, domid: u16, frame: u32 });
export const grantsPerPage = 512;
export const grantFrameMax = 64;
export const grantFlag = { typeMask: 3, permitAccess: 1, readonly: 4, reading: 8, writing: 16 } as const;
export const mapGrantRef = struct(32, {
  hostAddr: u64,
  flags: u32,
  ref: u32,
  dom: u16,
  status: i16,
  handle: u32,
  devBusAddr: u64,
});
export const unmapGrantRef = struct(24, { hostAddr: u64, devBusAddr: u64, handle: u32, status: i16 });
export const querySize = struct(16, { dom: u16, nrFrames: u32, maxNrFrames: u32, status: i16 });
export const grantStatus = { okay: 0, badDomain: -2, badHandle: -4 } as const;

// ---- The console's and xenstore's pages ----

/** Offsets and sizes: indices count bytes for ever. */
export const consolePage = { out: 1024, outSize: 2048, outCons: 3080, outProd: 3084 } as const;
export const storePage = {
  request: 0,
  response: 1024,
  ringSize: 1024,
  reqCons: 2048,
  reqProd: 2052,
  rspCons: 2056,
  rspProd: 2060,
} as const;
export const storeMessage = struct(16, { type: u32, reqId: u32, txId: u32, len: u32 });
export const storeMessageType = {
  directory: 1,
  read: 2,
  getPerms: 3,
  watch: 4,
  unwatch: 5,
  transactionStart: 6,
  transactionEnd: 7,
  getDomainPath: 10,
  write: 11,
  mkdir: 12,
  rm: 13,
  setPerms: 14,
  watchEvent: 15,
  error: 16,
  isDomainIntroduced: 17,
  resetWatches: 21,
} as const;
export const storePayloadMax = 4096;

export const busState = {
  initialising: 1,
  initWait: 2,
  initialised: 3,
  connected: 4,
  closing: 5,
  closed: 6,
} as const;

// ---- Rings of devices ----

export const ringHead = struct(64, {
  reqProd: u32,
  reqEvent: u32,
  rspProd: u32,
  rspEvent: u32,
  pad: bytes(48),
});

export const netTxRequest = struct(12, { gref: u32, offset: u16, flags: u16, id: u16, size: u16 });
export const netTxResponse = struct(4, { id: u16, status: i16 });
export const netRxRequest = struct(8, { id: u16, pad: u16, gref: u32 });
export const netRxResponse = struct(8, { id: u16, offset: u16, flags: u16, status: i16 });
export const netFlag = { moreData: 4, extraInfo: 8 } as const;
export const netStatus = { error: -1, okay: 0, null: 1 } as const;
/** Requests of a frame. */
export const netSlotMax = 18;
/** Bytes of an entry, and how many a page holds. */
export const netTxRing = { entrySize: 12, size: 256 } as const;
export const netRxRing = { entrySize: 8, size: 256 } as const;

export const blockSegment = struct(8, { gref: u32, firstSect: u8, lastSect: u8 });
export const blockSegmentMax = 11;
export const blockRequest = struct(112, {
  operation: u8,
  nrSegments: u8,
  handle: u16,
  id: u64,
  sectorNumber: u64,
  segments: array(blockSegment, blockSegmentMax),
});
export const blockResponse = struct(16, { id: u64, operation: u8, status: i16 });
export const blockOperation = { read: 0, write: 1, flush: 3 } as const;
export const blockStatus = { okay: 0, error: -1, unsupported: -2 } as const;
export const blockRing = { entrySize: 112, size: 32 } as const;
export const sectorSize = 512;
