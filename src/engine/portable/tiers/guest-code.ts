// The guest's code and its profile, as a translator sees them.
import { pageSize } from "../../../bytes/align.js";
import type { CallProfile } from "./call-profile.js";
import type { Core } from "../../x86-64/core.js";
import type { Plain } from "../../x86-64/flat.js";
import type { Hotness } from "./hotness.js";
import { pageBits } from "../../x86-64/state.js";
import type { ThreadedTier } from "../../x86-64/threaded/index.js";
import type { GuestCode } from "../translate/translator.js";

/** What is known of the run. */
export interface Profile {
  readonly calls: CallProfile;
  readonly hotness: Hotness;
  readonly tier: ThreadedTier | undefined;
}

interface Kind {
  readonly counts: boolean;
  readonly exact: boolean;
  readonly keepsFlags: boolean;
  /** Everything is taken as having run. */
  readonly isAll: boolean;
}

export function guestCode(
  core: Core,
  plain: Plain,
  { calls, hotness, tier }: Profile,
  kind: Kind,
): GuestCode {
  const { cpu, mmu } = core;
  return {
    bytes: mmu.bytes.subarray(mmu.base, mmu.base + mmu.size),
    shape: { base: mmu.base, ...plain },
    // Code in writable pages stays with the interpreter, which notices that it changes.
    isExecutable: (pc) => pc < plain.writable && isExecutable(core, pc),
    counts: kind.counts,
    exact: kind.exact,
    keepsFlags: kind.keepsFlags,
    isKnown: (pc) => hotness.isKnown(pc) || core.ran.has(pc),
    hasRun: (pc) => kind.isAll || core.ran.has(pc),
    decoded: (pc) => core.decoded(pc),
    countAt: (pc) => hotness.at(pc) + (tier?.jumpsTo(pc) ?? 0),
    targetsOf: (pc) => calls.targetsOf(pc),
    jumpTargetsOf: (pc) => calls.jumpTargetsOf(pc),
    jumpSourcesOf: (pc) => calls.jumpSourcesOf(pc),
    registerNow: (index) => Number(cpu.gpr(index)),
  };
}

function isExecutable({ mmu }: Core, pc: number): boolean {
  const page = Math.floor(pc / pageSize);
  if (((mmu.pages[page] ?? 0) & pageBits.execute) !== 0) return true;
  try {
    mmu.byteAt(pc, "execute");
  } catch {
    return false;
  }
  return true;
}

/** How often addresses have been jumped to, as far as that matters: an address, then its count. */
export const countsOf = ({ hotness, tier }: Profile): Float64Array =>
  Float64Array.from([...hotness.counts(), ...(tier?.counts() ?? [])].flat());
