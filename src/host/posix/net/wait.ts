// Waiting for frames in a thread that may block: one ppoll(2) over all descriptors.
import { array, i64, struct, viewOf } from "../../../bytes/struct.js";
import { libc } from "../libc.js";
import { pollfd, pollHangUp, pollIn } from "./pollfd.js";

const timespec = struct(16, { seconds: i64, nanoseconds: i64 });
const second = 1_000_000_000n;

/** Sleeps until one of the descriptors has something to read, or `timeoutNsecs` have passed. */
type Wait = (timeoutNsecs: bigint) => void;

/** Waits on all of `fds` together. */
export function createWait(fds: readonly number[]): Wait {
  const layout = array(pollfd, fds.length);
  const table = new Uint8Array(layout.size);
  const view = viewOf(table);
  const timeout = new Uint8Array(timespec.size);
  layout.write(view, 0, fds.map((fd) => ({ fd, events: pollIn, revents: 0 }))); // prettier-ignore
  return (timeoutNsecs) => {
    const left = timeoutNsecs > 0n ? timeoutNsecs : 0n;
    timespec.write(viewOf(timeout), 0, { seconds: left / second, nanoseconds: left % second });
    if (libc().ppoll(table, fds.length, timeout, null) <= 0) return;
    for (let at = 0; at < table.length; at += pollfd.size) {
      const revents = view.getUint16(at + pollfd.offsets.revents, true);
      // An error or a hang-up would end every wait at once: nothing more comes from there, and what came before a hang-up is
      // read without a wait.
      if ((revents & pollHangUp) !== 0 || (revents !== 0 && (revents & pollIn) === 0))
        view.setInt32(at + pollfd.offsets.fd, ignored, true);
    }
  };
}

/** poll(2) leaves entries with a negative descriptor out. */
const ignored = -1;
