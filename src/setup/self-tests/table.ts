// The self-test unikernels with what each must say and return: one table for every target and engine. Names and
// meaning are the reference suite's.
import type { TargetName } from "../../abi/notes.js";

export interface SelfTestRow {
  readonly name: string;
  readonly args?: readonly string[];
  /** Tender options beside `--mem`; a disk of 64 KiB is at the path that `disk` gives. */
  readonly options?: (disk: string) => readonly string[];
  /** Exit status by target; a target that is absent has no such test. */
  readonly status: Partial<Record<TargetName, number>>;
  /** On stdout or stderr. */
  readonly says: RegExp;
  readonly saysNot?: RegExp;
}

/** What QEMU's debug exit makes of any end of a virtio unikernel, which our PC gives its own status. */
export const qemuStatus = 83;
const successWithTls = { spt: 0, hvt: 0, virtio: 0, muen: 0, xen: 0 } as const;
const success = { ...successWithTls, genode: 0 } as const;
/** A process is killed by SIGSEGV; a guest with exception handlers reports the trap and aborts. */
const trapWithTls = { spt: 139, hvt: 255, virtio: 255, muen: 255, xen: 255 } as const;
const trap = { ...trapWithTls, genode: 139 } as const;
const abort = { spt: 255, hvt: 255, virtio: 255, muen: 255, xen: 255 } as const;
/** Memory protection that the guest's own tables do not know: the tender ends it. */
const translationFault = {
  status: { hvt: 1 },
  says: /host\/guest translation fault/,
  saysNot: /FAILURE/,
} as const;

/** KVM protects memory from reads and writes as mprotect does, not from execution, and what it executes can be read. */
const unseenByKvm: ReadonlySet<string> = new Set(["wnox", "xnor", "rnox"]);

/** What hvt's `row` comes to on KVM: a guest gets away with what nobody sees, and says so. */
export const onKvm = (row: SelfTestRow): SelfTestRow =>
  unseenByKvm.has(row.name) ? { name: row.name, status: { hvt: 1 }, says: /FAILURE/ } : row;

/** The BSDs' vmm protects memory from nothing: what needs it gets away with it, and says so. */
export const onVmm = (row: SelfTestRow): SelfTestRow =>
  row.says === translationFault.says ? { name: row.name, status: { hvt: 1 }, says: /FAILURE/ } : row;

/** How a process ended, and what it said. */
export interface SelfTestOutcome {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit status, or 128 and the signal's number as shells say it. */
  readonly status: number;
}

/** What is wrong with an outcome, by the test's row for `target`; undefined where nothing is. */
export function selfTestFault(
  { status, says, saysNot }: SelfTestRow,
  target: TargetName,
  outcome: SelfTestOutcome,
): string | undefined {
  const text = outcome.stdout + outcome.stderr;
  if (!says.test(text)) return `does not say ${says}`;
  if (saysNot?.test(text) === true) return `says ${saysNot}`;
  if (outcome.status !== status[target]) return `status ${outcome.status}, expected ${status[target]}`;
  return undefined;
}

export const selfTests: readonly SelfTestRow[] = [
  { name: "hello", args: ["Hello_Solo5"], status: success, says: /Hello, World[^]*'Hello_Solo5'[^]*SUCCESS/ },
  { name: "quiet", args: ["--solo5:quiet"], status: success, says: /SUCCESS/, saysNot: /Solo5:/ },
  { name: "output", status: success, says: /SUCCESS/ },
  { name: "globals", status: success, says: /SUCCESS/ },
  { name: "exception", status: trap, says: /test_exception/, saysNot: /FAILURE/ },
  { name: "zeropage", status: trap, says: /test_zeropage/, saysNot: /FAILURE/ },
  ...["xnow", "rnow", "wnox", "xnor", "rnox"].map((name) => ({ name, ...translationFault })),
  ...["xnow", "rnow", "wnox"].map((name) => ({
    name,
    status: { spt: 139, genode: 139 },
    says: /test_/,
    saysNot: /FAILURE/,
  })),
  // Page tables of muen and xen protect all but text from being read.
  ...["xnow", "rnow", "wnox", "rnox"].map((name) => ({
    name,
    status: { muen: 255, xen: 255 },
    says: /trap: type=#PF[^]*Fatal trap/,
    saysNot: /FAILURE/,
  })),
  { name: "xnor", status: { muen: 1, xen: 1 }, says: /FAILURE/ },
  // Text of spt and genode can be read and its read-only data executed, as with the reference.
  { name: "xnor", status: { spt: 1, genode: 1 }, says: /FAILURE/ },
  { name: "rnox", status: { spt: 1, genode: 1 }, says: /FAILURE/ },
  ...["tls", "tls_small", "tls_zero"].map((name) => ({
    name,
    status: successWithTls,
    says: /SUCCESS/,
  })),
  { name: "notls", status: trapWithTls, says: /test_notls/, saysNot: /FAILURE/ },
  {
    name: "ssp",
    status: { ...abort, genode: 255 },
    says: /Solo5: ABORT: Stack corruption detected/,
  },
  { name: "fpu", status: success, says: /SUCCESS/ },
  { name: "time", status: success, says: /SUCCESS/ },
  { name: "seccomp", status: { spt: 159 }, says: /test_seccomp/, saysNot: /FAILURE/ },
  {
    name: "blk",
    options: (disk) => [`--block:storage=${disk}`],
    status: { spt: 0, hvt: 0, virtio: 0, xen: 0 },
    says: /SUCCESS/,
  },
  {
    name: "blk",
    options: (disk) => [`--block:storage=${disk}`, "--block-sector-size:storage=4096"],
    status: { spt: 0, hvt: 0 },
    says: /SUCCESS/,
  },
  // Genode moves several blocks at once.
  ...[512, 4096].map((size) => ({
    name: "blk",
    args: ["many"],
    options: (disk: string) => [`--block:storage=${disk}`, `--block-sector-size:storage=${size}`],
    status: { genode: 0 },
    says: /SUCCESS/,
  })),
  { name: "dumpcore", status: abort, says: /Solo5: solo5_abort\(\) called/ },
  // There are no bindings that could say it.
  { name: "dumpcore", status: { genode: 255 }, says: /test_dumpcore/ },
  { name: "cxx", status: success, says: /SUCCESS/ },
];

/** Self-tests of network devices, which the tests of each target attach in their own way. */
export interface NetTest extends SelfTestRow {
  /** The names of the devices. */
  readonly nics: readonly string[];
}

export const netTests: readonly NetTest[] = [
  { name: "net_length", nics: ["service0"], status: success, says: /SUCCESS/ },
  { name: "yield", nics: ["service0"], status: success, says: /SUCCESS/ },
  { name: "net_mtu", nics: ["service0"], status: success, says: /MTU is 1500[^]*SUCCESS/ },
  {
    name: "mft_maxdevices",
    nics: Array.from({ length: 63 }, (_, i) => `service${i}`),
    status: success,
    says: /SUCCESS/,
  },
];
