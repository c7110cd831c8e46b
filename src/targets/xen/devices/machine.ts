// A domain put together: its shared page, events, console, xenstore and the other ends of its devices. docs/abi.md 11.
import { domid, errno, param, paramCount, virqTimer } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { stateOfParts, type Stateful } from "../../../bytes/plain.js";
import type { GuestMemory } from "../../../image/memory.js";
import type { Guest, GuestHost } from "../../contract.js";
import { ownPage } from "../layout.js";
import { createConnection } from "../store/connection.js";
import { createApic, type Apic } from "./apic.js";
import { drainConsole } from "./console.js";
import { createEvents, type Events } from "./events.js";
import { createGrants, type Grants } from "./grants.js";
import { createPeers } from "./peers.js";
import { createSharedPage, type SharedPage } from "./shared-page.js";
import { createUpcalls, type Upcalls } from "./upcalls.js";

export interface Machine {
  readonly memory: GuestMemory;
  readonly memSize: number;
  readonly page: SharedPage;
  readonly events: Events;
  readonly grants: Grants;
  readonly apic: Apic;
  readonly upcalls: Upcalls;
  /** Parameters of the domain; undefined for those that there are none of. */
  param(index: number): bigint | undefined;
  setParam(index: number, value: bigint): number;
  /** When the timer's event is due. */
  timer: bigint | undefined;
  /** Looks at what the host and the time have brought; whether that was anything. */
  look(now: bigint): boolean;
  /** Shows what the console's ring holds. */
  flush(): void;
  readonly stateful: Stateful;
}

/** `heard` is told what the console shows. Throws Solo5Error `BLOCK_SIZE`. */
export function createMachine(
  guest: Guest,
  memory: GuestMemory,
  host: GuestHost,
  heard: (text: Uint8Array) => void,
): Machine {
  const { memSize } = guest;
  const apic = createApic();
  const page = createSharedPage(memory, host.clock);
  const upcalls = createUpcalls(apic, page);
  const events = createEvents(page, upcalls);
  const grants = createGrants(memory);

  const peers = createPeers(guest, { memory, events, grants }, host);

  const consoleAt = ownPage(memSize, "console");
  const storeAt = ownPage(memSize, "store");
  const connection = createConnection(memory, storeAt, peers.server);
  const flush = (): void => drainConsole(memory, consoleAt, host.console, host.deviceTrace, heard);
  const consolePort = events.offer(domid.backend);
  const storePort = events.offer(domid.backend);
  const answerStore = (): void => {
    if (connection.pump()) events.notify(storePort);
  };
  events.connect(consolePort, () => {
    flush();
    events.notify(consolePort);
  });
  events.connect(storePort, answerStore);

  let params: Record<number, bigint> = {
    [param.storePfn]: BigInt(storeAt / pageSize),
    [param.storeEvtchn]: BigInt(storePort),
    [param.consolePfn]: BigInt(consoleAt / pageSize),
    [param.consoleEvtchn]: BigInt(consolePort),
  };
  let timer: bigint | undefined;
  return {
    memory,
    memSize,
    page,
    events,
    grants,
    apic,
    upcalls,
    param: (index) => (index < paramCount ? (params[index] ?? 0n) : undefined),
    setParam(index, value) {
      if (index !== param.callbackIrq) return index < paramCount ? -errno.EPERM : -errno.EINVAL;
      params[index] = value;
      upcalls.setCallback(value);
      return 0;
    },
    get timer() {
      return timer;
    },
    set timer(value) {
      timer = value;
    },
    look(now) {
      const isDue = timer !== undefined && timer <= now;
      if (isDue) {
        timer = undefined;
        events.virqHasCome(virqTimer);
      }
      return peers.nets.reduce((hasMoved, net) => net.pump() || hasMoved, isDue);
    },
    flush,
    stateful: stateOfParts({
      own: {
        save: () => ({ params: { ...params }, timer }),
        restore: (saved: { params: Record<number, bigint>; timer: bigint | undefined }) =>
          ({ params, timer } = { params: { ...saved.params }, timer: saved.timer }),
      },
      page: page.stateful,
      apic: apic.stateful,
      upcalls: upcalls.stateful,
      events: events.stateful,
      grants: grants.stateful,
      connection: connection.stateful,
      peers: peers.stateful,
    }),
  };
}
