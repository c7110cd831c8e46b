// A gdb server without sockets: bytes come in, bytes go out, and the guest is held while gdb looks at it. An instrument of
// the run loop. GDB manual, appendix E.
import type { Isa } from "../../abi/elf.js";
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
import { createLink, type Send } from "./link.js";
import { createPoints, type Points } from "./points.js";
import { exitReply, fatalSignal, faultSignal, firstReply, signals, stopReply } from "./stop-reply.js";

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

export const createGdbServer = (options: GdbServerOptions): GdbServer => new Server(options);

class Server implements GdbServer {
  readonly #options: GdbServerOptions;
  readonly #architecture: (typeof architectures)[Isa];
  #controls: Controls<DebuggedVcpu> | undefined;
  #points: Points | undefined;
  #history: History | undefined;
  #execute: ((data: string) => string | Resume) | undefined;
  readonly #link = createLink(
    (data) => this.#take(data),
    () => this.#interrupt(),
  );
  #hangUp = (): void => {};
  /** Held: gdb has not let the guest go on. The guest begins held. */
  #isHeld = true;
  #release = (): void => {};
  /** Commands that came while the guest ran: a debugger has just connected. */
  #waiting: string[] = [];
  /** gdb waits for a stop reply. */
  #isAwaited = false;
  #wantsStop = false;
  /** Why the guest stopped, as a stop reply; set by `answer`. */
  #reason: string | undefined;
  #lastReply = firstReply;
  #watchHit: Pick<Extract<Exit, { kind: "watchpoint" }>, "address" | "access"> | undefined;
  /** What the guest dies of, from the fault that it was stopped by on. */
  #fault: number | undefined;
  /** The next fault is the guest's end: gdb has let it go on with the signal. */
  #isFatal = false;
  /** With a history an end is no end until gdb goes on from it. */
  #isLeaving = false;

  constructor(options: GdbServerOptions) {
    this.#options = options;
    this.#architecture = architectures[options.isa];
  }

  // The run loop's.

  session(session: Session, given: Controls<DebuggedVcpu>): Session {
    const { history: past } = this.#options;
    this.#controls = given;
    this.#history = past?.isPossible === true ? past : undefined;
    this.#points = createPoints(given.vcpu);
    this.#execute = commands(this.#architecture, given.vcpu, this.#points, this.#history !== undefined);
    for (const command of this.#waiting.splice(0)) this.#handle(command);
    const stateOf = (): SessionState => {
      const { state } = session;
      const isKept = this.#history !== undefined && state.kind === "ended" && !this.#isLeaving;
      return isKept ? { kind: "running" } : state;
    };
    return {
      get state(): SessionState {
        return stateOf();
      },
      wake: () => session.wake(),
      answer: (exit) => this.#answer(session, exit, given.vcpu.registers.get(this.#architecture.pc)),
    };
  }

  #answer(session: Session, exit: Exit, pc: bigint): Verdict {
    const verdict = this.#stopped(exit, pc) ?? session.answer(exit);
    if (this.#history !== undefined && session.state.kind === "ended") {
      this.#isLeaving = !this.#isAwaited;
      if (this.#isLeaving) return verdict;
      const signal = fatalSignal(session.state);
      this.#reason = signal === undefined ? stopReply(signals.trap, "replaylog:end;") : stopReply(signal);
    }
    return verdict;
  }

  hold(): Promise<void> | undefined {
    if (!this.#isHeld && (this.#reason !== undefined || this.#wantsStop))
      this.#hold(this.#reason ?? stopReply(signals.int));
    if (!this.#isHeld && this.#watchHit !== undefined) this.#controls?.vcpu.setStep(true);
    return this.#isHeld ? new Promise((resolve) => (this.#release = resolve)) : undefined;
  }

  async ended(outcome: Ended): Promise<void> {
    if (!this.#link.isOpen || outcome === killedByGdb) return;
    const signal = fatalSignal(outcome);
    if (signal !== undefined && this.#isAwaited && this.#history === undefined) {
      this.#hold(stopReply(signal));
      await new Promise<void>((resolve) => (this.#release = resolve));
    }
    if (this.#isAwaited) this.#link.reply(exitReply(outcome.status));
  }

  // The connection's.

  connect(send: Send, hangUp = (): void => {}): void {
    this.#link.open(send);
    this.#hangUp = hangUp;
    this.#isFatal = false;
    this.#isAwaited = false;
    this.#waiting = [];
    if (!this.#isHeld) this.#interrupt();
  }

  receive(bytes: Uint8Array): void {
    this.#link.receive(bytes);
  }

  disconnect(): void {
    this.#link.close();
    this.#isAwaited = false;
    this.#points?.clear();
  }

  #take(data: string): void {
    if (this.#isHeld && this.#execute !== undefined) this.#handle(data);
    else this.#waiting.push(data);
  }

  #handle(data: string): void {
    if (data === "?") return this.#link.reply(this.#lastReply);
    if (data === "D" || data.startsWith("D;")) {
      this.#link.reply("OK");
      return this.#detach();
    }
    if (data === "k" || data.startsWith("vKill;")) {
      if (data !== "k") this.#link.reply("OK");
      this.#controls?.stop(killedByGdb);
      return this.#letGo();
    }
    if (data === "QStartNoAckMode") {
      this.#link.reply("OK");
      this.#link.startNoAck();
      return undefined;
    }
    const answer = this.#execute?.(data) ?? "";
    if (typeof answer === "string") this.#link.reply(answer);
    else this.#resume(answer);
    return undefined;
  }

  // The guest's.

  #hold(why: string): void {
    this.#isHeld = true;
    this.#wantsStop = false;
    this.#reason = undefined;
    this.#lastReply = why;
    if (this.#isAwaited) this.#link.reply(why);
    this.#isAwaited = false;
    for (const command of this.#waiting.splice(0)) this.#handle(command);
  }

  #letGo(): void {
    this.#isHeld = false;
    this.#release();
  }

  /** A guest that stands still already is where gdb wants it. */
  #interrupt(): void {
    if (this.#isHeld) return;
    this.#wantsStop = true;
    this.#controls?.attention();
  }

  #reverse(how: Resume, past: History, set: Points): void {
    const stop = how.step ? past.step() : past.continue();
    this.#fault = undefined;
    const pc = this.#controls?.vcpu.registers.get(this.#architecture.pc) ?? 0n;
    const more = {
      step: "",
      begin: "replaylog:begin;",
      breakpoint: set.breakReason(pc),
      watchpoint: stop.kind === "watchpoint" ? set.watchReason(stop.address, stop.access) : "",
    }[stop.kind];
    this.#isAwaited = true;
    this.#hold(stopReply(signals.trap, more));
  }

  #resume(how: Resume): void {
    const vcpu = this.#controls?.vcpu;
    if (how.address !== undefined) vcpu?.registers.set(this.#architecture.pc, how.address);
    if (how.reverse) {
      if (this.#history === undefined || this.#points === undefined) this.#link.reply("E16");
      else this.#reverse(how, this.#history, this.#points);
      return;
    }
    this.#isAwaited = true;
    this.#isLeaving = true;
    this.#isFatal = how.signalled && this.#fault !== undefined;
    this.#fault = undefined;
    vcpu?.setStep(how.step);
    this.#letGo();
  }

  #detach(): void {
    this.#isLeaving = true;
    this.#isFatal = true;
    this.#points?.clear();
    this.#controls?.vcpu.setStep(false);
    this.#isAwaited = false;
    this.#wantsStop = false;
    this.#watchHit = undefined;
    this.#letGo();
    this.#link.close();
    this.#hangUp();
  }

  /** What stops the guest for gdb; undefined for what is the target's. */
  #stopped(exit: Exit, pc: bigint): Verdict | undefined {
    const points = this.#points;
    switch (exit.kind) {
      case "breakpoint":
        this.#reason = stopReply(signals.trap, points?.breakReason(pc));
        return "suspend";
      case "watchpoint":
        if (exit.isDone || this.#architecture.watchesBefore)
          this.#reason = stopReply(signals.trap, points?.watchReason(exit.address, exit.access));
        // gdb wants to hear of it when the access is done, so that it can compare values.
        else this.#watchHit = { address: exit.address, access: exit.access };
        return "suspend";
      case "step": {
        const hit = this.#watchHit;
        this.#reason = stopReply(signals.trap, hit && points?.watchReason(hit.address, hit.access));
        this.#watchHit = undefined;
        return "suspend";
      }
      case "fault": {
        if (this.#isFatal || !this.#link.isOpen) return undefined;
        const { vector, refusedBy } = exit.fault;
        this.#fault = faultSignal(vector, refusedBy);
        this.#reason = stopReply(this.#fault);
        return "suspend";
      }
      default:
        return undefined;
    }
  }
}
