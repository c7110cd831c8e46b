// The guest's code and its profile, as a translator sees them.
import type { CallProfile } from "./call-profile.js";
import type { GuestCore, PlainMemory } from "../guest-core.js";
import type { FailedChecks } from "./failed-checks.js";
import type { Hotness } from "./hotness.js";
import type { FirstTier } from "./first-tier.js";
import type { GuestCode } from "../translate/translator.js";

/** What is known of the run. */
export interface Profile {
  readonly calls: CallProfile;
  readonly hotness: Hotness;
  readonly failed: FailedChecks;
  readonly tier: FirstTier | undefined;
}

interface Kind {
  readonly counts: boolean;
  readonly exact: boolean;
  readonly keepsFlags: boolean;
  /** Everything is taken as having run. */
  readonly isAll: boolean;
}

export function guestCode(
  core: GuestCore,
  plain: PlainMemory,
  { calls, hotness, tier, failed }: Profile,
  kind: Kind,
): GuestCode {
  const { isa, mmu } = core;
  return {
    isa,
    bytes: mmu.bytes.subarray(mmu.base, mmu.base + mmu.size),
    shape: { base: mmu.base, ...plain },
    // Code in writable pages stays with the interpreter, which notices that it changes.
    isExecutable: (pc) => pc < plain.writable && mmu.isExecutable(pc),
    counts: kind.counts,
    exact: kind.exact,
    keepsFlags: kind.keepsFlags,
    isKnown: (pc) => hotness.isKnown(pc) || core.ran.has(pc),
    isCalled: (pc) => core.ran.isCalled(pc) || calls.isCalled(pc),
    looksUp: (pc) => failed.has(pc),
    hasRun: (pc) => kind.isAll || core.ran.has(pc),
    decoded: (pc) => core.decoded(pc),
    countAt: (pc) => hotness.at(pc) + (tier?.jumpsTo(pc) ?? 0),
    targetsOf: (pc) => calls.targetsOf(pc),
    jumpTargetsOf: (pc) => calls.jumpTargetsOf(pc),
    jumpSourcesOf: (pc) => calls.jumpSourcesOf(pc),
    registerNow: (index) => Number(core.general(index)),
  };
}

/** How often addresses have been jumped to, as far as that matters: an address, then its count. */
export const countsOf = ({ hotness, tier }: Profile): Float64Array =>
  Float64Array.from([...hotness.counts(), ...(tier?.counts() ?? [])].flat());
