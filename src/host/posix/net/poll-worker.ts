// The thread that waits for frames on behalf of the main one: it sleeps in poll(2) over all watched descriptors and a
// socket by which it is woken, and puts what it reads into their rings. Node has no way to wait for a tap or a datagram socket.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { array, viewOf } from "../../../bytes/struct.js";
import { frameMax } from "../../../net/contract.js";
import { errorText } from "../../../abi/errno.js";
import { libc } from "../libc.js";
import { frameRingWriter, type FrameRingWriter } from "./frame-ring.js";
import { pollfd, pollIn, pollOut } from "./pollfd.js";
import type { WorkerCommand, WorkerReport } from "./poll.js";

/** Frames taken from one descriptor before the others have their turn. */
const batch = 64;

interface Watched {
  readonly ring: FrameRingWriter;
  /** What poll(2) looks for: frames as long as there is room for them, and room for ours where somebody waits for that. */
  events: number;
}

const c = libc();
const wakeFd = workerData as number;
const woken = new Uint8Array(1);
const watched = new Map<number, Watched>();
const report = (message: WorkerReport): void => parentPort?.postMessage(message);

/** How many there were. */
function readFrames(fd: number, one: Watched): number {
  const { ring } = one;
  let count = 0;
  for (; count < batch; count++) {
    const room = ring.room();
    if (room === undefined) {
      one.events &= ~pollIn;
      break;
    }
    const size = c.read(fd, room, frameMax);
    if (size <= 0) break;
    ring.commit(size);
  }
  if (count > 0 && ring.shouldTell()) report({ fd, event: "readable" });
  return count;
}

/** Does what the main thread has asked; false when it is time to stop. */
function obey(): boolean {
  while (c.read(wakeFd, woken, woken.length) > 0);
  for (let next; parentPort !== null && (next = receiveMessageOnPort(parentPort)) !== undefined;) {
    const command = next.message as WorkerCommand;
    if (command.op === "stop") return false;
    const one = watched.get(command.fd);
    if (command.op === "add")
      watched.set(command.fd, { ring: frameRingWriter(command.ring), events: pollIn });
    else if (command.op === "remove") {
      watched.delete(command.fd);
      report({ fd: command.fd, event: "removed" });
    } else if (one !== undefined) one.events |= command.op === "resume" ? pollIn : pollOut;
  }
  return true;
}

function look(fd: number, revents: number): void {
  const one = watched.get(fd);
  if (one === undefined) return;
  if ((revents & pollOut) !== 0) {
    one.events &= ~pollOut;
    report({ fd, event: "writable" });
  }
  const count = (revents & pollIn) === 0 ? 0 : readFrames(fd, one);
  // An error or a hang-up would wake poll for ever, when what came before has been read.
  if ((revents & ~(pollIn | pollOut)) !== 0 && count === 0) watched.delete(fd);
}

for (;;) {
  const entries = [...watched].filter(([, { events }]) => events !== 0);
  const fds = [
    { fd: wakeFd, events: pollIn, revents: 0 },
    ...entries.map(([fd, { events }]) => ({ fd, events, revents: 0 })),
  ];
  const table = new Uint8Array(fds.length * pollfd.size);
  const layout = array(pollfd, fds.length);
  layout.write(viewOf(table), 0, fds);
  if (c.poll(table, fds.length, -1) < 0) {
    if (c.errorName() === "EINTR") continue;
    throw new Error(`poll: ${errorText(c.errorName())}`);
  }
  const [wake, ...ready] = layout.read(viewOf(table), 0);
  for (const { fd, revents } of ready) if (revents !== 0) look(fd, revents);
  if (wake?.revents !== 0 && !obey()) break;
}
