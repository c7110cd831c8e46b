// A container's process as the runtime sees it: started, told, listened to. Everything here waits for the other side, which does
// nothing that takes long.
import { spawn, type StdioOptions } from "node:child_process";
import { closeSync, readSync, writeSync } from "node:fs";
import { viewOf } from "../../bytes/struct.js";
import { Solo5Error } from "../../bytes/error.js";
import { memoryExecutable } from "../../host/linux/exec.js";
import { hostCall } from "../../host/linux/host-call.js";
import { sendDescriptors } from "../../host/linux/send-descriptors.js";
import { said, wordSize } from "./prologue.js";

const afUnix = 1;
const sockSeqpacket = 5;
const closeOnExec = 0x80000;

/** Both ends of what `call` makes: not kept over exec. */
function pair(call: "pipe2" | "socketpair"): readonly [number, number] {
  const both = new Uint8Array(8);
  if (call === "pipe2") hostCall("pipe", "pipe2", both, closeOnExec);
  else hostCall("socketpair", "socketpair", afUnix, sockSeqpacket | closeOnExec, 0, both);
  return [viewOf(both).getInt32(0, true), viewOf(both).getInt32(4, true)];
}

export interface ContainerProcess {
  /** The process that `start` made. */
  readonly pid: number;
  /** Lets it go on. */
  go(): void;
  /** The next thing that it says. Throws Solo5Error with what it complained of. */
  hear(): (typeof said)[keyof typeof said] | { readonly child: number };
  /** Hands over what it is to have. */
  give(descriptors: readonly number[]): void;
  /** Waits until it is ready for its start. Throws Solo5Error with what it complained of. */
  ready(): void;
}

/** The standard descriptors of a container. */
export type Standard = readonly [input: number, output: number, error: number];

/** Starts the executable `image`, called `name`. */
export function startProcess(image: Uint8Array, name: string, standard: Standard): ContainerProcess {
  const executable = memoryExecutable(image, name);
  const [complaints, complaining] = pair("pipe2");
  const [control, far] = pair("socketpair");
  const stdio: StdioOptions = [standard[0], standard[1], complaining, standard[2], far];
  const child = spawn(`/proc/${process.pid}/fd/${executable}`, { argv0: name, env: {}, stdio });
  child.unref();
  child.on("error", () => {});
  for (const fd of [executable, complaining, far]) closeSync(fd);
  const { pid } = child;
  if (pid === undefined) throw new Solo5Error("EXEC", `${name}: the process could not be started`);

  const complain = (): never => {
    throw new Solo5Error("CONTAINER", readAll(complaints).trim() || `${name}: the process has gone`);
  };
  return {
    pid,
    go() {
      try {
        writeSync(control, new Uint8Array(wordSize));
      } catch {
        complain();
      }
    },
    hear() {
      const word = new Uint8Array(8);
      const size = readSync(control, word);
      if (size === 4) return { child: viewOf(word).getInt32(0, true) };
      const text = String.fromCharCode(word[0] ?? 0);
      return Object.values(said).find((one) => size === wordSize && one === text) ?? complain();
    },
    give: (descriptors) => sendDescriptors("control socket", control, new Uint8Array(wordSize), descriptors),
    ready() {
      const text = readAll(complaints).trim();
      if (text !== "") throw new Solo5Error("CONTAINER", text);
      closeSync(complaints);
      closeSync(control);
    },
  };
}

/** Until the last who could write has gone. */
function readAll(fd: number): string {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(4096);
    const size = readSync(fd, part);
    if (size === 0) return Buffer.concat(parts).toString();
    parts.push(part.subarray(0, size));
  }
}
