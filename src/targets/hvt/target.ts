// The hvt target: a virtual machine without hardware, with one port for each hypercall. docs/abi.md 3.
import { hypercalls, memUnit, type HypercallName } from "../../abi/hvt.js";
import { viewOf, type Field, type Struct } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import { guestMinBase } from "../../abi/start.js";
import { storable } from "../../image/memory-map.js";
import { isInside } from "../../image/memory.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import {
  answerCommon,
  loadSegments,
  type GuestHost,
  type Session,
  type SessionState,
  type Target,
} from "../contract.js";
import { handlers, type HypercallHandlers, type Reply } from "./calls.js";
import { hvtMap, ringBase, usableSize, writeLowMemory } from "./layout.js";
import { machines } from "./isa/registry.js";
import { createRing } from "./ring.js";

/** A counter that we answer counts nanoseconds of the host's monotonic clock. */
const cycleFreq = 1_000_000_000n;
const running: SessionState = { kind: "running" };

const ended = (message: string): SessionState => ({ kind: "ended", status: 1, message });

export const hvt: Target = {
  exceptions: "guest",
  memUnit,
  memory: hvtMap,

  start(guest, vcpu, host: GuestHost): Session {
    const { memory, registers } = vcpu;
    const map = hvtMap(guest);
    const usable = usableSize(map);
    const machine = machines[guest.unikernel.isa];
    writeLowMemory(guest, map, memory, vcpu.counterHz ?? cycleFreq);
    loadSegments(guest.unikernel, memory);
    const initial = machine.registers(guest.unikernel.entry, usable);
    for (const [name, value] of Object.entries(initial)) registers.set(name, BigInt(value));
    const mayStore = storable(map, { start: guestMinBase, end: usable });
    const base = ringBase(map);
    const ring = base === undefined ? undefined : createRing(base, memory, { usable, mayStore }, host.nets);
    ring?.start();
    const table: HypercallHandlers = handlers(host, memory, usable, mayStore);
    let state: SessionState = running;
    /** Where the argument of a poll lies, which `wake` completes. */
    let pollArgs = 0;

    const says = (what: string, reason: string): string => {
      const monitor = vcpu.monitor === undefined ? "" : `${vcpu.monitor}: `;
      const pc = `${machine.pc}=${hex(registers.get(machine.pc))}`;
      return `${monitor}${what}: ${[reason, pc].filter((part) => part !== "").join(", ")}`;
    };
    const settle = (next: SessionState): Verdict => {
      state = next;
      return next.kind === "running" ? "resume" : "suspend";
    };
    const low = memory.bytes(0, usable);
    if (low === undefined) throw new RangeError(`guest memory of ${memory.size} bytes is too small`);
    const view = viewOf(low);
    const badAccess = (gpa: bigint | number, size: bigint | number): Verdict =>
      settle(ended(`Invalid guest access: gpa=${hex(gpa)}, sz=${size}`));
    const hypercall = <K extends HypercallName>(name: K, gpa: number): Verdict => {
      const args: Struct<Record<string, Field<unknown>>> = hypercalls[name].args;
      if (!isInside(usable, gpa, args.size)) return badAccess(gpa, args.size);
      const handler = table[name] as (args: unknown) => Reply<K>;
      const reply = handler(args.read(view, gpa));
      if ("fields" in reply) {
        // Only PUTS gives nothing back.
        if (name !== "puts" && !mayStore(gpa, args.size)) return badAccess(gpa, args.size);
        fill(name, gpa, reply.fields);
        return "resume";
      }
      if ("badAccess" in reply) return badAccess(reply.badAccess.gpa, reply.badAccess.size);
      pollArgs = gpa;
      if (reply.state.kind !== "waiting" || readySet() === 0n) return settle(reply.state);
      completePoll();
      return "resume";
    };
    /** Through `memory`, for whoever keeps an eye on what is written there; reading goes through one view. */
    const fill = (name: HypercallName, gpa: number, fields: object): void => {
      const args: Struct<Record<string, Field<unknown>>> = hypercalls[name].args;
      const place = memory.bytes(gpa, args.size);
      if (place !== undefined) args.update(viewOf(place), 0, fields);
    };
    const readySet = (): bigint => {
      let set = 0n;
      for (const [handle, net] of host.nets) if (net.readable) set |= 1n << BigInt(handle);
      return set;
    };
    const completePoll = (): void => {
      const ret = [...host.nets.values()].filter((net) => net.readable).length;
      fill("poll", pollArgs, { readySet: readySet(), ret });
    };

    return {
      get state() {
        return state;
      },
      wake() {
        completePoll();
        state = running;
      },
      stateful: {
        save: () => ({ state, pollArgs }),
        restore: (saved: { state: SessionState; pollArgs: number }) => ({ state, pollArgs } = saved),
      },
      answer(exit: Exit): Verdict {
        const access = machine.hypercallPort(exit);
        if (access === "kick" && ring !== undefined) {
          ring.kick();
          return "resume";
        }
        if (access !== undefined && access !== "kick") return hypercall(access.name, access.gpa);
        const common = answerCommon(exit, host);
        if (common !== undefined) return common;
        if (exit.kind !== "fault")
          return settle(ended(machine.badAccess(exit) ?? says("unhandled exit", exit.kind)));
        const { refusedBy, reason } = exit.fault;
        return settle(
          ended(says(refusedBy === "host" ? "host/guest translation fault" : "unhandled exit", reason)),
        );
      },
    };
  },
};
