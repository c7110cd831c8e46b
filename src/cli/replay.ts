// solo5 replay: runs a recording again, to the same instruction; under gdb also backwards.
import { debugRequest } from "../tender/debug-options.js";
import { startReplay } from "../node/replay.js";
import type { Given } from "../tender/parse-options.js";
import { onlyOperand, type Invocation } from "./own-command.js";
import { withSignals } from "./signals.js";

export const replayCommand = ({ given, operands }: Invocation<Given["option"]>): Promise<number> => {
  const file = onlyOperand(operands, "FILE");
  return withSignals(() => startReplay(file, debugRequest(given), "solo5"), "solo5");
};
