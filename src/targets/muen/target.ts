// The muen target: a subject with its memory, the page that tells it the time, and channels. It asks for nothing but its end;
// what it has written is looked at when it reads the time, and at ticks. docs/abi.md 9.
import { stateOfList, stateOfParts } from "../../bytes/plain.js";
import { logElement, logName, logProtocol, netChannels, scheduleBase } from "../../abi/muen.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import {
  answerCommon,
  segmentRegions,
  type GuestHost,
  type Session,
  type SessionState,
  type Target,
} from "../contract.js";
import { createEndStatus } from "../end-status.js";
import { callOf } from "./calls.js";
import { channelReader } from "./devices/channel.js";
import { physicalOf, writeMemory } from "./layout.js";
import { createMuenNet, type Moment } from "./devices/net.js";
import { watchQuietEnd } from "./quiet-end.js";
import { subjectMemory } from "./regions.js";
import { nextLook, readSchedule, ticksPerNsec } from "./devices/schedule.js";
import { createWaitLoop } from "./devices/wait-loop.js";

const running: SessionState = { kind: "running" };

export const muen: Target = {
  exceptions: "guest",
  isInterrupted: true,
  /** Read-only segments are so by the page tables already: said twice, so that an engine may build on them. */
  memory: (guest) => ({
    size: subjectMemory(guest).total,
    ram: { execute: true },
    regions: segmentRegions(guest.unikernel).filter(({ write }) => !write),
  }),

  channels: ({ devices }) => [
    logName,
    ...devices
      .filter(({ type }) => type === "NET_BASIC")
      .flatMap(({ name }) => Object.values(netChannels(name))),
  ],

  start(guest, vcpu, host: GuestHost): Session {
    const { memory, registers } = vcpu;
    const layout = subjectMemory(guest);
    for (const [name, value] of Object.entries(writeMemory(guest, layout, memory, host.clock)))
      registers.set(name, BigInt(value));
    const quietEnd = watchQuietEnd(guest, memory);
    const { regions } = layout;
    const size = regions.find(({ name }) => name === logName)?.size ?? 0;
    const log = channelReader(memory, { address: physicalOf(regions, logName), size }, logProtocol);
    const nets = guest.devices.flatMap(({ handle, name }) => {
      const net = host.nets.get(handle);
      return net === undefined ? [] : [createMuenNet(name, net, regions, memory, host.deviceTrace)];
    });
    const loop = createWaitLoop(registers, memory);
    const status = createEndStatus({ mark: "rdi", status: "rsi", cookie: "rdx" });
    let state: SessionState = running;

    /** Shows what the guest has said; whether that was anything. */
    const listen = (): boolean => {
      let hasMoved = false;
      for (let element = log.read(); element !== undefined; element = log.read()) {
        const text = logElement.read(new DataView(element.buffer, element.byteOffset), 0).text;
        const end = text.indexOf(0);
        const said = end < 0 ? text : text.subarray(0, end);
        host.deviceTrace?.({ device: logName, name: "write", args: [said], results: [], element });
        host.console.write(said);
        status.hear(said);
        hasMoved = true;
      }
      return hasMoved;
    };
    /** Looks at all that the guest has written, and brings it what has come. */
    const look = (moment: Moment): boolean =>
      nets.reduce((hasMoved, net) => net.pump(moment) || hasMoved, listen());
    const end = (how: { readonly status: number; readonly cookie?: bigint }, message?: string): Verdict => {
      look("look");
      const { status: number, cookie } = how;
      state = {
        kind: "ended",
        status: number,
        ...(message === undefined ? {} : { message }),
        ...(cookie === undefined || cookie === 0n ? {} : { cookie }),
      };
      return "suspend";
    };
    const tellTime = (exit: Exit & { kind: "load" }): Verdict => {
      const now = host.clock.monotonic();
      exit.value = readSchedule(now, Number(exit.address) - scheduleBase, exit.size);
      const since = loop.look(now, look("look"));
      if (since === undefined || look("wait")) return "resume";
      state = { kind: "waiting", deadline: nextLook(now, since) };
      return "suspend";
    };

    return {
      get state() {
        return state;
      },
      wake() {
        if (state.kind !== "waiting") return;
        if (look("look") || host.clock.monotonic() >= state.deadline) state = running;
      },
      stateful: stateOfParts({
        session: { save: () => state, restore: (saved: SessionState) => (state = saved) },
        log: log.stateful,
        loop: loop.stateful,
        status: status.stateful,
        nets: stateOfList(nets.map(({ stateful }) => stateful)),
      }),
      answer(exit: Exit): Verdict {
        if (exit.kind === "counter") {
          exit.value = host.clock.monotonic() * ticksPerNsec;
          return "resume";
        }
        if (exit.kind === "tick") {
          look("tick");
          return "resume";
        }
        if (exit.kind === "hypercall" && quietEnd?.isHere(registers) === true)
          return end({ status: Number(registers.get("rdi") & 0xffn), cookie: registers.get("rsi") });
        const call = callOf(exit, registers);
        if (call === "end") {
          // What the log says last counts.
          look("look");
          return end(status.of(registers));
        }
        if (call === "nothing") return "resume";
        if (call === "time" && exit.kind === "load") return tellTime(exit);
        const reason = exit.kind === "fault" ? exit.fault.reason : exit.kind;
        return answerCommon(exit, host) ?? end({ status: 1 }, `unhandled exit: ${reason}`);
      },
    };
  },
};
