// A gdb server without sockets: bytes come in, bytes go out, and the guest is held while gdb looks at it. An instrument of
// the run loop. GDB manual, appendix E.
import type { Isa } from "../../abi/elf.js";
import { exitStatus } from "../../abi/start.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import type { Session, SessionState } from "../../targets/contract.js";
import {
  killed,
  type Controls,
  type DebuggedVcpu,
  type Ended,
  type Instrument,
} from "../../tender/instrument.js";
import type { History } from "../reverse/history.js";
import { architectures } from "./architectures.js";
import { commands, type Resume } from "./commands.js";
import { createPacketReader, encodePacket, type Item } from "./packet.js";
import { createPoints, type Points } from "./points.js";

/** Signals by the numbers that gdb has for them. */
const signals = { int: 2, ill: 4, trap: 5, abort: 6, fpe: 8, kill: 9, segv: 11 } as const;
const faultSignal: Readonly<Record<number, number>> = {
  0: signals.fpe,
  6: signals.ill,
  16: signals.fpe,
  19: signals.fpe,
};
/** An object of its own: gdb is not told of the end that it asked for, and of any other it is. */
const killedByGdb: Ended = { ...killed };

export interface GdbServer extends Pick<Required<Instrument<DebuggedVcpu>>, "session" | "hold" | "ended"> {
  /** A debugger is there; `send` takes what is for it, and `hangUp` is called when it has taken its leave. */
  connect(send: (bytes: Uint8Array) => void, hangUp?: () => void): void;
  receive(bytes: Uint8Array): void;
  /** The debugger is gone without a word: a guest that it held stays held for the next. */
  disconnect(): void;
}

export interface GdbServerOptions {
  readonly isa: Isa;
  /** Absent where time only goes forward. */
  readonly history?: History | undefined;
}

export function createGdbServer(options: GdbServerOptions): GdbServer {
  const architecture = architectures[options.isa];
  let controls: Controls<DebuggedVcpu> | undefined;
  let points: Points | undefined;
  let history: History | undefined;
  let execute: ((data: string) => string | Resume) | undefined;
  let send: ((bytes: Uint8Array) => void) | undefined;
  let hangUp = (): void => {};
  let read = createPacketReader();
  let isAcknowledged = true;
  let last = encodePacket("");
  /** Held: gdb has not let the guest go on. The guest begins held. */
  let isHeld = true;
  let release = (): void => {};
  /** Commands that came while the guest ran: a debugger has just connected. */
  let waiting: string[] = [];
  /** gdb waits for a stop reply. */
  let isAwaited = false;
  let wantsStop = false;
  /** Why the guest stopped, as a stop reply; set by `answer`. */
  let reason: string | undefined;
  let lastReply = `S${digits(signals.trap)}`;
  let watchHit: { readonly address: bigint; readonly access: "read" | "write" | "execute" } | undefined;
  /** What the guest dies of, from the fault that it was stopped by on. */
  let fault: number | undefined;
  /** The next fault is the guest's end: gdb has let it go on with the signal. */
  let isFatal = false;
  /** With a history an end is no end until gdb goes on from it. */
  let isLeaving = false;

  const reply = (data: string): void => {
    last = encodePacket(data);
    send?.(last);
  };
  const stopReply = (signal: number, more = ""): string => `T${digits(signal)}thread:1;${more}`;
  const hold = (why: string): void => {
    isHeld = true;
    wantsStop = false;
    reason = undefined;
    lastReply = why;
    if (isAwaited) reply(why);
    isAwaited = false;
    for (const command of waiting.splice(0)) handle(command);
  };
  const letGo = (): void => {
    isHeld = false;
    release();
  };

  const reverse = (how: Resume, past: History, set: Points): void => {
    const stop = how.step ? past.step() : past.continue();
    fault = undefined;
    const pc = controls?.vcpu.registers.get(architecture.pc) ?? 0n;
    const more = {
      step: "",
      begin: "replaylog:begin;",
      breakpoint: set.breakReason(pc),
      watchpoint: stop.kind === "watchpoint" ? set.watchReason(stop.address, stop.access) : "",
    }[stop.kind];
    isAwaited = true;
    hold(stopReply(signals.trap, more));
  };
  const resume = (how: Resume): void => {
    if (how.address !== undefined) controls?.vcpu.registers.set(architecture.pc, how.address);
    if (how.reverse) {
      if (history === undefined || points === undefined) reply("E16");
      else reverse(how, history, points);
      return;
    }
    isAwaited = true;
    isLeaving = true;
    isFatal = how.signalled && fault !== undefined;
    fault = undefined;
    controls?.vcpu.setStep(how.step);
    letGo();
  };
  const detach = (): void => {
    isLeaving = true;
    isFatal = true;
    points?.clear();
    controls?.vcpu.setStep(false);
    isAwaited = false;
    wantsStop = false;
    watchHit = undefined;
    letGo();
    send = undefined;
    hangUp();
  };
  function handle(data: string): void {
    if (data === "?") return reply(lastReply);
    if (data === "D" || data.startsWith("D;")) {
      reply("OK");
      return detach();
    }
    if (data === "k" || data.startsWith("vKill;")) {
      if (data !== "k") reply("OK");
      controls?.stop(killedByGdb);
      return letGo();
    }
    if (data === "QStartNoAckMode") {
      reply("OK");
      isAcknowledged = false;
      return undefined;
    }
    const answer = execute?.(data) ?? "";
    if (typeof answer === "string") reply(answer);
    else resume(answer);
    return undefined;
  }
  const take = (item: Item): void => {
    switch (item.kind) {
      case "packet":
        if (isAcknowledged) send?.(plus);
        if (isHeld && execute !== undefined) handle(item.data);
        else waiting.push(item.data);
        break;
      case "damaged":
        if (isAcknowledged) send?.(minus);
        break;
      case "nak":
        send?.(last);
        break;
      case "interrupt":
        interrupt();
        break;
      case "ack":
        break;
      default:
        item satisfies never;
    }
  };
  /** A guest that stands still already is where gdb wants it. */
  const interrupt = (): void => {
    if (isHeld) return;
    wantsStop = true;
    controls?.attention();
  };

  /** An end that gdb has not heard of before. */
  const fatalSignal = ({ status }: { readonly status: number }): number | undefined =>
    status === exitStatus.abort ? signals.abort : undefined;

  /** What stops the guest for gdb; undefined for what is the target's. */
  const stopped = (exit: Exit, pc: bigint): Verdict | undefined => {
    switch (exit.kind) {
      case "breakpoint":
        reason = stopReply(signals.trap, points?.breakReason(pc));
        return "suspend";
      case "watchpoint":
        if (exit.isDone || architecture.watchesBefore)
          reason = stopReply(signals.trap, points?.watchReason(exit.address, exit.access));
        // gdb wants to hear of it when the access is done, so that it can compare values.
        else watchHit = { address: exit.address, access: exit.access };
        return "suspend";
      case "step":
        reason = stopReply(
          signals.trap,
          watchHit === undefined ? "" : points?.watchReason(watchHit.address, watchHit.access),
        );
        watchHit = undefined;
        return "suspend";
      case "fault":
        if (isFatal || send === undefined) return undefined;
        fault =
          (exit.fault.refusedBy === "guest" ? faultSignal[exit.fault.vector] : undefined) ?? signals.segv;
        reason = stopReply(fault);
        return "suspend";
      default:
        return undefined;
    }
  };

  return {
    session(session: Session, given: Controls<DebuggedVcpu>): Session {
      controls = given;
      const { registers } = given.vcpu;
      history = options.history?.isPossible === true ? options.history : undefined;
      points = createPoints(given.vcpu);
      execute = commands(architecture, given.vcpu, points, history !== undefined);
      for (const command of waiting.splice(0)) handle(command);
      return {
        get state(): SessionState {
          const { state } = session;
          return history !== undefined && state.kind === "ended" && !isLeaving ? { kind: "running" } : state;
        },
        wake: () => session.wake(),
        answer(exit) {
          const verdict = stopped(exit, registers.get(architecture.pc)) ?? session.answer(exit);
          if (history !== undefined && session.state.kind === "ended") {
            isLeaving = !isAwaited;
            if (isLeaving) return verdict;
            const signal = fatalSignal(session.state);
            reason = signal === undefined ? stopReply(signals.trap, "replaylog:end;") : stopReply(signal);
          }
          return verdict;
        },
      };
    },
    hold() {
      if (!isHeld && (reason !== undefined || wantsStop)) hold(reason ?? stopReply(signals.int));
      if (!isHeld && watchHit !== undefined) controls?.vcpu.setStep(true);
      return isHeld ? new Promise((resolve) => (release = resolve)) : undefined;
    },
    async ended(outcome) {
      if (send === undefined || outcome === killedByGdb) return;
      const signal = fatalSignal(outcome);
      if (signal !== undefined && isAwaited && history === undefined) {
        hold(stopReply(signal));
        await new Promise<void>((resolve) => (release = resolve));
      }
      if (isAwaited) reply(`W${digits(outcome.status)}`);
    },
    connect(to, close = () => {}) {
      send = to;
      hangUp = close;
      isFatal = false;
      read = createPacketReader();
      isAcknowledged = true;
      isAwaited = false;
      waiting = [];
      if (!isHeld) interrupt();
    },
    receive(bytes) {
      for (const item of read(bytes)) take(item);
    },
    disconnect() {
      send = undefined;
      isAwaited = false;
      points?.clear();
    },
  };
}

const digits = (byte: number): string => byte.toString(16).padStart(2, "0");
const plus = Uint8Array.of(0x2b);
const minus = Uint8Array.of(0x2d);
