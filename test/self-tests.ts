// The self-test unikernels with what each must say and return: one table for every target and engine. Names and
// meaning are the reference suite's.
import type { Target } from "../src/abi/notes.js";

export interface SelfTest {
  readonly name: string;
  readonly args?: readonly string[];
  /** Tender options beside `--mem`; a disk of 64 KiB is at the path that `disk` gives. */
  readonly options?: (disk: string) => readonly string[];
  /** Exit status by target; a target that is absent has no such test. */
  readonly status: Partial<Record<Target, number>>;
  /** On stdout or stderr. */
  readonly says: RegExp;
  readonly saysNot?: RegExp;
}

const success = { spt: 0, hvt: 0 } as const;
/** A process is killed by SIGSEGV; a guest with exception handlers reports the trap and aborts. */
const trap = { spt: 139, hvt: 255 } as const;
/** Only some engines keep rodata from being executed and text from being read: elsewhere the test finds a FAILURE. */
const sptFinds = { spt: 1 } as const;

export const selfTests: readonly SelfTest[] = [
  { name: "hello", args: ["Hello_Solo5"], status: success, says: /Hello, World[^]*'Hello_Solo5'[^]*SUCCESS/ },
  { name: "quiet", args: ["--solo5:quiet"], status: success, says: /SUCCESS/, saysNot: /Solo5:/ },
  { name: "output", status: success, says: /SUCCESS/ },
  { name: "globals", status: success, says: /SUCCESS/ },
  { name: "exception", status: trap, says: /test_exception/, saysNot: /FAILURE/ },
  { name: "zeropage", status: trap, says: /test_zeropage/, saysNot: /FAILURE/ },
  { name: "xnow", status: { spt: 139, hvt: 1 }, says: /test_xnow/, saysNot: /FAILURE/ },
  { name: "rnow", status: { spt: 139, hvt: 1 }, says: /test_rnow/, saysNot: /FAILURE/ },
  { name: "wnox", status: { spt: 139, hvt: 1 }, says: /test_wnox/, saysNot: /FAILURE/ },
  { name: "xnor", status: sptFinds, says: /FAILURE/ },
  { name: "rnox", status: sptFinds, says: /FAILURE/ },
  { name: "tls", status: success, says: /SUCCESS/ },
  { name: "notls", status: trap, says: /test_notls/, saysNot: /FAILURE/ },
  { name: "ssp", status: { spt: 255, hvt: 255 }, says: /Solo5: ABORT: Stack corruption detected/ },
  { name: "fpu", status: success, says: /SUCCESS/ },
  { name: "time", status: success, says: /SUCCESS/ },
  { name: "seccomp", status: { spt: 159 }, says: /test_seccomp/, saysNot: /FAILURE/ },
  { name: "blk", options: (disk) => [`--block:storage=${disk}`], status: success, says: /SUCCESS/ },
  {
    name: "blk",
    options: (disk) => [`--block:storage=${disk}`, "--block-sector-size:storage=4096"],
    status: success,
    says: /SUCCESS/,
  },
  { name: "dumpcore", status: { spt: 255, hvt: 255 }, says: /Solo5: solo5_abort\(\) called/ },
  { name: "cxx", status: success, says: /SUCCESS/ },
];
