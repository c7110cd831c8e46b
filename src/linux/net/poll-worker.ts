// The thread that waits for frames on behalf of the main one: it sleeps in poll(2) over all watched descriptors and a
// socket by which it is woken, and hands over what it read. Node has no way to wait for a tap or a datagram socket.
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { array, viewOf } from "../../bytes/struct.js";
import { frameMax } from "../../net/contract.js";
import { libc } from "../libc.js";
import { pollfd, pollIn } from "./pollfd.js";
import type { WorkerCommand, WorkerReport } from "./poll.js";

/** Frames taken from one descriptor before the others have their turn. */
const batch = 64;

const c = libc();
const wakeFd = workerData as number;
const buffer = new Uint8Array(frameMax);
let watched: readonly number[] = [];
const report = (message: WorkerReport): void => parentPort?.postMessage(message);

/** How many there were. */
function readFrames(fd: number): number {
  const frames: Uint8Array[] = [];
  let size = 0;
  while (frames.length < batch && (size = c.read(fd, buffer, buffer.length)) > 0)
    frames.push(buffer.slice(0, size));
  if (frames.length > 0) report({ fd, frames });
  return frames.length;
}

/** Does what the main thread has asked; false when it is time to stop. */
function obey(): boolean {
  c.read(wakeFd, buffer, buffer.length);
  for (let next; parentPort !== null && (next = receiveMessageOnPort(parentPort)) !== undefined;) {
    const command = next.message as WorkerCommand;
    if (command.op === "stop") return false;
    watched = watched.filter((fd) => fd !== command.fd);
    if (command.op === "add") watched = [...watched, command.fd];
    else report({ fd: command.fd, removed: true });
  }
  return true;
}

for (;;) {
  const fds = [wakeFd, ...watched];
  const table = new Uint8Array(fds.length * pollfd.size);
  const layout = array(pollfd, fds.length);
  layout.write(
    viewOf(table),
    0,
    fds.map((fd) => ({ fd, events: pollIn, revents: 0 })),
  );
  if (c.poll(table, fds.length, -1) < 0) continue;
  const [wake, ...ready] = layout.read(viewOf(table), 0);
  for (const { fd, revents } of ready) {
    const count = (revents & pollIn) === 0 ? 0 : readFrames(fd);
    // An error or a hang-up would wake poll for ever, when what came before has been read.
    if ((revents & ~pollIn) !== 0 && count === 0) watched = watched.filter((other) => other !== fd);
  }
  if (wake?.revents !== 0 && !obey()) break;
}
