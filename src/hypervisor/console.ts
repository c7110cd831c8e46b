// The console of a thread that must be able to stop: it waits until its descriptor takes what is written, or it is
// told to stop, and never inside a write.
import { array, viewOf } from "../bytes/struct.js";
import type { Console } from "../device/contract.js";
import { libc } from "../host/posix/libc.js";
import { pollfd, pollIn, pollOut } from "../host/posix/net/pollfd.js";

/** A pipe that poll(2) calls writable takes as many bytes at once: PIPE_BUF. */
const atOnce = 4096;

/** Writes to `to`, which writes to `fd`, when that does not block; once `wake` can be read, output is lost. */
export function interruptible(to: Console, fd: number, wake: number): Console {
  const layout = array(pollfd, 2);
  const table = new Uint8Array(layout.size);
  const view = viewOf(table);
  layout.write(view, 0, [
    { fd: wake, events: pollIn, revents: 0 },
    { fd, events: pollOut, revents: 0 },
  ]);
  const stopped = (): boolean => view.getUint16(pollfd.offsets.revents, true) !== 0;
  return {
    write(data) {
      for (let at = 0; at < data.length; at += atOnce) {
        // A signal may be no more than a tick.
        while (libc().ppoll(table, 2, null, null) < 0 && libc().errorName() === "EINTR");
        if (stopped()) return;
        to.write(data.subarray(at, at + atOnce));
      }
    },
  };
}
