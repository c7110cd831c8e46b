// What tiers have made of the guest's code, as bytes for a later run, and what an earlier one has left.
import { decodeStored, encodeStored } from "../link/stored.js";
import type { CallProfile } from "./call-profile.js";
import type { FirstTier } from "./first-tier.js";
import type { Translations } from "./translations.js";
import type { Untranslated } from "./untranslated.js";

/** Instructions that a run must have left to the interpreter, that later ones gain from more being translated. */
const WORTH_COMPLETING = 2000;

interface Tiers {
  readonly calls: CallProfile;
  readonly tier: FirstTier | undefined;
  readonly translations: Translations;
  readonly untranslated: Untranslated;
}

/** Undefined where nothing is new since the last time. `msecs`: what it may take longer, for later runs alone. */
export function exportCache(
  { calls, tier, translations, untranslated }: Tiers,
  msecs: number,
): Uint8Array | undefined {
  const hasNews = tier?.hasNews === true;
  // For code that is not hot, what is decoded is as good.
  const isWorth = untranslated.count > WORTH_COMPLETING && tier?.isWarm !== true;
  const code = translations.store(isWorth ? msecs : 0, hasNews);
  if (code === undefined) return undefined;
  return encodeStored({ code, ...calls.all(), tier: tier?.store(msecs > 0) });
}

/** Before the first instruction. What does not fit is not used. */
export function importCache({ calls, tier, translations }: Tiers, bytes: Uint8Array): void {
  const stored = decodeStored(bytes);
  if (stored === undefined) return;
  translations.restore(stored.code);
  calls.restore(stored);
  if (stored.tier !== undefined) tier?.restore(stored.tier);
}
