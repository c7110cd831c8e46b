// Every slow instruction by mnemonic: together with the rows that have semantics of their own, the whole table.
import type { Slow } from "../machine.js";
import { controlTransfers } from "./control-transfer.js";
import { cryptoInstructions } from "./crypto.js";
import { integerInstructions } from "./integer.js";
import { mmxInstructions } from "./mmx.js";
import { segmentInstructions } from "./segments.js";
import { stackInstructions } from "./stack.js";
import { stringInstructions } from "./strings.js";
import { systemInstructions } from "./system.js";
import { textInstructions } from "./text.js";
import { x87Functions } from "../x87/functions.js";
import { x87Images } from "../x87/images.js";
import { x87Instructions } from "../x87/instructions.js";

export const slowInstructions: Readonly<Record<string, Slow>> = {
  ...integerInstructions,
  ...stringInstructions,
  ...systemInstructions,
  ...controlTransfers,
  ...segmentInstructions,
  ...stackInstructions,
  ...cryptoInstructions,
  ...textInstructions,
  ...mmxInstructions,
  ...x87Instructions,
  ...x87Functions,
  ...x87Images,
};
