// gdb and a virtual CPU of a hypervisor's: the thread of the virtual CPU, which blocks, has the protocol; the main thread has the
// socket, passes on what arrives, and makes the other look.
import { receiveMessageOnPort, type MessagePort } from "node:worker_threads";
import type { Cleanup } from "../bytes/cleanup.js";
import type { Isa } from "../abi/elf.js";
import { createGdbServer } from "../debug/gdb/server.js";
import { drainEvent, type WakeEvent } from "./event.js";
import { createWait } from "../host/posix/net/wait.js";
import type { DebuggedVcpu, Ended, Instrument } from "../tender/instrument.js";
import { listenForGdb, type GdbAddress, type GdbListener } from "../host/any/gdb-server.js";

/** What the main thread has to tell. Bytes for the debugger go the other way, as they are. */
type News = "connected" | "disconnected" | Uint8Array;
/** The debugger has taken its leave. */
const hangUp = "hangUp";

/** What the virtual CPU's thread gets. */
export interface DebuggerLink {
  readonly port: MessagePort;
  /** Says that there is news. */
  readonly event: WakeEvent;
}

/** The main thread's side: listens. `nudge` makes the virtual CPU's thread look at `port`. */
export function listenForDebugger(
  where: GdbAddress,
  port: MessagePort,
  nudge: () => void,
  listening: GdbListener,
  cleanup: Cleanup,
): void {
  let send: ((bytes: Uint8Array) => void) | undefined;
  let close = (): void => {};
  const take = (message: Uint8Array | typeof hangUp): void => {
    if (message === hangUp) close();
    else send?.(message);
  };
  const tell = (news: News): void => {
    port.postMessage(news);
    nudge();
  };
  port.on("message", take);
  const end = {
    connect(to: (bytes: Uint8Array) => void, hangUp: () => void) {
      send = to;
      close = hangUp;
      tell("connected");
    },
    receive: (bytes: Uint8Array) => tell(Uint8Array.from(bytes)),
    disconnect() {
      send = undefined;
      tell("disconnected");
    },
  };
  listenForGdb(where, end, listening, cleanup);
  cleanup.push(() => {
    // The last word may still be on its way.
    for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port))
      take(last.message as Uint8Array | typeof hangUp);
    port.close();
  });
}

const aLongTime = 1_000_000_000_000_000n;

/** The virtual CPU's side. `wake` is of a stop. */
export function openDebugger(
  isa: Isa,
  { port, event }: DebuggerLink,
  wake: WakeEvent,
  isStopping: () => boolean,
): Instrument<DebuggedVcpu> {
  const gdb = createGdbServer({ isa });
  const wait = createWait([wake.wait, event.wait]);
  let isOver = false;
  const listen = (): void => {
    drainEvent(event);
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const news = next.message as News;
      if (news === "connected") {
        gdb.connect(
          (bytes) => port.postMessage(bytes),
          () => port.postMessage(hangUp),
        );
      } else if (news === "disconnected") gdb.disconnect();
      else gdb.receive(news);
    }
  };
  return {
    session(session, controls) {
      const stop = (outcome: Ended): void => {
        isOver = true;
        controls.stop(outcome);
      };
      return gdb.session(session, { ...controls, stop });
    },
    // Blocks as long as the debugger holds the guest.
    hold() {
      listen();
      while (gdb.hold() !== undefined && !isOver && !isStopping()) {
        wait(aLongTime);
        listen();
      }
      return undefined;
    },
    // Blocks until the debugger knows.
    async ended(outcome) {
      let isTold = false;
      const telling = gdb.ended(outcome)?.then(() => (isTold = true));
      for (;;) {
        // What the last news has set going.
        await new Promise((resolve) => void setImmediate(resolve));
        if (telling === undefined || isTold || isOver || isStopping()) return;
        wait(aLongTime);
        listen();
      }
    },
  };
}
