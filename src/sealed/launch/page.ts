// A launch list as the page that is run: constants, then code, for the ISA at hand.
import { alignUp } from "../../bytes/align.js";
import type { Isa } from "../../abi/elf.js";
import { assemble as assembleAarch64 } from "./aarch64.js";
import { createPool, type Pool } from "./pool.js";
import type { LaunchList } from "./step.js";
import { assemble as assembleX8664 } from "./x86-64.js";

/** Where the launch page lies: below an image, above its boot data. */
export const launchBase = 0xf0000;

const assemblers: Readonly<Record<Isa, (list: LaunchList, pool: Pool) => Uint8Array>> = {
  "x86-64": assembleX8664,
  aarch64: assembleAarch64,
};

/** The page's bytes, for `launchBase`, and the address of its first instruction. */
export function launchPage(
  isa: Isa,
  list: LaunchList,
): { readonly page: Uint8Array; readonly entry: number } {
  const pool = createPool(launchBase);
  const code = assemblers[isa](list, pool);
  const constants = pool.bytes();
  const codeAt = alignUp(constants.length, 16);
  const page = new Uint8Array(codeAt + code.length);
  page.set(constants);
  page.set(code, codeAt);
  return { page, entry: launchBase + codeAt };
}
