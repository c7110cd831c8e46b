// The hvt target on x86-64: a virtual machine without hardware, whose only door is a port for each hypercall. ABI.md 6.
import { bootInfoBase, hypercallPort, hypercalls, ringKickPort, type HypercallName } from "../../abi/hvt.js";
import { viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import { isInside } from "../../image/memory.js";
import type { Exit, Fault, Vcpu, Verdict } from "../../engine/contract.js";
import {
  loadSegments,
  segmentProtections,
  type Host,
  type Session,
  type State,
  type Target,
} from "../contract.js";
import { handlers, type Handlers, type Reply } from "./hypercalls.js";
import { gdt, gdtBase, pml4Base, writeLowMemory } from "./layout.js";
import { hvtMemory } from "./memory.js";
import { createRing } from "./ring.js";

/** The counter that we give counts nanoseconds of the host's monotonic clock. */
const cycleFreq = 1_000_000_000n;
const running: State = { kind: "running" };

const hypercallNames = new Map(
  (Object.keys(hypercalls) as HypercallName[]).map((name) => [hypercallPort + hypercalls[name].nr, name]),
);

/** Registers at the first instruction; all others are 0. */
function setRegisters({ registers }: Vcpu, entry: number, memSize: number): void {
  const initial: Readonly<Record<string, number>> = {
    cr0: 0x8001_0021,
    cr3: pml4Base,
    cr4: 0x620,
    efer: 0x500,
    cs: 8,
    ss: 16,
    ds: 16,
    es: 16,
    fs: 16,
    gs: 16,
    gdt_base: gdtBase,
    gdt_limit: gdt.length * 8 - 1,
    rip: entry,
    rsp: memSize - 8,
    rdi: bootInfoBase,
    rflags: 2,
  };
  for (const [name, value] of Object.entries(initial)) registers.set(name, BigInt(value));
}

const ended = (message: string): State => ({ kind: "ended", status: 1, message });

function faultMessage({ refusedBy, reason }: Fault, rip: bigint): string {
  return refusedBy === "host"
    ? `host/guest translation fault: rip=${hex(rip)}: ${reason}`
    : `unhandled exit: rip=${hex(rip)}: ${reason}`;
}

export const hvt: Target = {
  exceptions: "guest",
  memorySize: (guest) => hvtMemory(guest).total,
  noExecute: () => true,
  protections: ({ unikernel }) => segmentProtections(unikernel),

  start(guest, vcpu, host: Host): Session {
    const { memory, registers } = vcpu;
    const size = hvtMemory(guest);
    const { usable } = size;
    writeLowMemory(guest, size, memory, cycleFreq);
    loadSegments(guest.unikernel, memory);
    setRegisters(vcpu, guest.unikernel.entry, usable);
    const ring = size.ring === undefined ? undefined : createRing(size.ring, memory, usable, host.nets);
    ring?.start();
    const table: Handlers = handlers(host, memory, usable);
    let state: State = running;
    /** Where the argument of a poll lies, which `wake` completes. */
    let pollArgs = 0;

    const settle = (next: State): Verdict => {
      state = next;
      return next.kind === "running" ? "resume" : "suspend";
    };
    const hypercall = <K extends HypercallName>(name: K, gpa: number): Verdict => {
      const { args } = hypercalls[name];
      const data = isInside(usable, gpa, args.size) ? memory.bytes(gpa, args.size) : undefined;
      if (data === undefined) return settle(ended(`Invalid guest access: gpa=${hex(gpa)}, sz=${args.size}`));
      const handler = table[name] as (args: unknown) => Reply<K>;
      const reply = handler(args.read(viewOf(data), 0));
      if ("badAccess" in reply) {
        return settle(
          ended(`Invalid guest access: gpa=${hex(reply.badAccess.gpa)}, sz=${reply.badAccess.size}`),
        );
      }
      if ("state" in reply) {
        pollArgs = gpa;
        if (reply.state.kind === "waiting" && readySet() !== 0n) completePoll();
        else return settle(reply.state);
        return "resume";
      }
      const view = viewOf(data);
      for (const [field, value] of Object.entries(reply.fields)) {
        const key = field as keyof typeof args.fields;
        (args.fields[key] as { write(view: DataView, at: number, value: unknown): void }).write(
          view,
          args.offsets[key],
          value,
        );
      }
      return "resume";
    };
    const readySet = (): bigint => {
      let set = 0n;
      for (const [handle, net] of host.nets) if (net.readable) set |= 1n << BigInt(handle);
      return set;
    };
    const completePoll = (): void => {
      const { args } = hypercalls.poll;
      const data = memory.bytes(pollArgs, args.size);
      if (data === undefined) return;
      const set = readySet();
      const view = viewOf(data);
      args.fields.readySet.write(view, args.offsets.readySet, set);
      args.fields.ret.write(
        view,
        args.offsets.ret,
        [...host.nets.values()].filter((net) => net.readable).length,
      );
    };

    return {
      get state() {
        return state;
      },
      wake() {
        completePoll();
        state = running;
      },
      answer(exit: Exit): Verdict {
        switch (exit.kind) {
          case "out": {
            const name = exit.size === 4 ? hypercallNames.get(exit.port) : undefined;
            if (name !== undefined) return hypercall(name, exit.value >>> 0);
            if (exit.port === ringKickPort && ring !== undefined) {
              ring.kick();
              return "resume";
            }
            return settle(ended(`Invalid guest port access: port=${hex(exit.port)}`));
          }
          case "in":
            return settle(ended(`Invalid guest port access: port=${hex(exit.port)}`));
          case "counter":
            exit.value = host.clock.monotonic();
            return "resume";
          case "random":
            exit.value = host.random();
            return "resume";
          case "budget":
            return "suspend";
          case "halt":
            return settle(ended(`unhandled exit: hlt without interrupts, rip=${hex(registers.get("rip"))}`));
          case "fault":
            return settle(ended(faultMessage(exit.fault, registers.get("rip"))));
          default:
            return settle(ended(`unhandled exit: ${exit.kind}, rip=${hex(registers.get("rip"))}`));
        }
      },
    };
  },
};
