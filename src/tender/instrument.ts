// What may look over a guest's shoulder while it runs: a debugger, a trace, a recorder. An instrument stands between the
// target and what it meets, and needs neither to know of it. Several may be used at once.
import { statusOf } from "../abi/signals.js";
import type { Debuggable, PortableVcpu, Vcpu } from "../engine/contract.js";
import type { GuestHost, Session } from "../targets/contract.js";

/** The end of a unikernel. */
export interface Ended {
  /** Its exit status; 128 and the signal's number where a signal ended it. */
  readonly status: number;
  /** What a tender says of the end on stderr: a fault, an error of the host. */
  readonly message?: string | undefined;
}

/** What a stop of the caller's comes to. */
export const killed: Ended = { status: statusOf("SIGKILL") };

/** What an instrument has in its hands. */
export interface Controls<V extends Vcpu = PortableVcpu> {
  readonly vcpu: V;
  /** Has `hold` asked soon, even where the guest waits. */
  attention(): void;
  /** Ends the guest, even where it is held. */
  stop(outcome: Ended): void;
}

/** `V` is what it needs of a virtual CPU: any engine that has that can have the instrument. */
export interface Instrument<V extends Vcpu = PortableVcpu> {
  /** Interrupts must come where a replay finds them again: at counted instructions. */
  readonly isExact?: true;
  /** The devices as the target is to meet them. */
  host?(host: GuestHost): GuestHost;
  /** The virtual CPU as the target is to meet it. */
  vcpu?<W extends V>(vcpu: W): W;
  /** The session as engine and run loop are to meet it; called before the guest's first instruction. */
  session?(session: Session, controls: Controls<V>): Session;
  /** Asked whenever guest code has stopped and before it goes on: a promise holds the guest until it settles. */
  hold?(): Promise<void> | undefined;
  /** The guest has ended; its memory and registers are there until the promise settles. */
  ended?(outcome: Ended): Promise<void> | undefined;
}

/** An instrument that only looks: any engine can have it. */
export type Observer = Instrument<Vcpu>;

/** What a debugger needs of a virtual CPU. */
export type DebuggedVcpu = Vcpu & Debuggable;
