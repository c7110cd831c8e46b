// run: create, start, wait, delete. The status is the unikernel's.
import { viewOf } from "../bytes/struct.js";
import { signalStatus } from "../abi/signals.js";
import { tryCall } from "../host/linux/host-call.js";
import type { CreateRequest } from "./create.js";
import { deleteContainer } from "./delete.js";
import { start } from "./start.js";
import { readContainer } from "./state.js";

/** Starts what `create` made; gives its status, or 0 at once where nobody waits. Throws Solo5Error. */
export async function run(
  { root, id, log }: CreateRequest,
  isDetached: boolean,
  isKept: boolean,
): Promise<number> {
  const { init } = readContainer(root, id);
  await start(root, id, log);
  if (isDetached || init === undefined) return 0;
  // A process of this one's: the unikernel is no child that Node knows.
  const word = new Uint8Array(8);
  const waited = tryCall("wait4", init.pid, word, 0, 0);
  const status = viewOf(word).getInt32(0, true);
  if (!isKept) await deleteContainer(root, id, true, log);
  if (waited < 0) return 1;
  return (status & 0x7f) === 0 ? (status >> 8) & 0xff : signalStatus(status & 0x7f);
}
