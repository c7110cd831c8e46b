// A connection as its user has it: data in and out by pull, events by callback, and backpressure both ways.
import type { Endpoint } from "../udp.js";
import type { Layer } from "./layer.js";
import { abort, touch, unacknowledged } from "./lifecycle.js";
import { shift } from "./receive-queue.js";
import { append } from "./send-queue.js";
import { distance } from "./sequence.js";
import type { Handlers, TcpError } from "./handlers.js";
import { finWait2Msecs, isSynchronized, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** Half of what sequence numbers tell apart. */
const waitingMax = 0x4000_0000;

export class Connection {
  readonly #layer: Layer;
  readonly #tcb: Tcb;

  constructor(layer: Layer, tcb: Tcb) {
    this.#layer = layer;
    this.#tcb = tcb;
  }

  /** Who is told; replaces who was. */
  set handlers(handlers: Handlers) {
    this.#tcb.handlers = handlers;
  }
  get local(): Endpoint {
    return { address: this.#tcb.source, port: this.#tcb.localPort };
  }
  get remote(): Endpoint {
    return { address: this.#tcb.destination, port: this.#tcb.remotePort };
  }
  get state(): keyof typeof state {
    const names = Object.entries(state) as [keyof typeof state, number][];
    return names.find(([, value]) => value === this.#tcb.state)?.[0] ?? "closed";
  }
  get error(): TcpError | undefined {
    return this.#tcb.error;
  }
  /** No delay of small segments until earlier ones are acknowledged (RFC 9293, 3.7.4, MUST-17). */
  set noDelay(noDelay: boolean) {
    this.#tcb.noDelay = noDelay;
    this.#touch();
  }

  /**
   * Sends data, which must not change afterwards: it is not copied. False where so much waits that more should not come
   * before `writable`. After `end`, or once closed, the data is dropped and the answer is false.
   */
  write(data: Uint8Array): boolean {
    const tcb = this.#tcb;
    if (tcb.finQueued || tcb.state === state.closed || tcb.state === state.timeWait) return false;
    if (unacknowledged(tcb) + data.length > waitingMax)
      throw new RangeError("more than 1 GiB would wait to be sent");
    if (data.length > 0) {
      append(tcb, data);
      this.#touch();
    }
    const room = unacknowledged(tcb) < tcb.sendLimit;
    if (!room) tcb.wantsRoom = true;
    return room;
  }
  /** Bytes written and not yet acknowledged. */
  get unsent(): number {
    return unacknowledged(this.#tcb);
  }

  /** The next data that has come, or undefined where there is none now, or none any more (`ended`). Opens the window. */
  read(): Uint8Array | undefined {
    const data = shift(this.#tcb);
    if (data !== undefined) this.#touch();
    return data;
  }
  /** Bytes that `read` would give. */
  get readable(): number {
    return this.#tcb.receivedBytes;
  }
  /** How many of the bytes that are still to be read come before the end of what the peer calls urgent (RFC 9293, 3.8.5). */
  get urgent(): number {
    const { urgent, urgentEdge, rcvNext, receivedBytes } = this.#tcb;
    return urgent ? Math.max(0, distance((rcvNext - receivedBytes) | 0, urgentEdge)) : 0;
  }
  /** The peer has ended, and all it sent was read. */
  get ended(): boolean {
    return this.#tcb.finReceived && this.#tcb.receivedBytes === 0;
  }

  /** Sends what was written, then the end of it; the peer may go on sending (RFC 9293, 3.10.4). */
  end(): void {
    const tcb = this.#tcb;
    if (tcb.finQueued || tcb.state === state.closed) return;
    tcb.finQueued = true;
    this.#touch();
  }
  /** Ends, and reads no more: what comes from now on is answered with a reset (RFC 1122, 4.2.2.13). */
  close(): void {
    const tcb = this.#tcb;
    tcb.deaf = true;
    // Nobody is lied to: what was taken and not read is lost.
    if (tcb.receivedBytes > 0 || tcb.state === state.synSent) {
      this.reset();
      return;
    }
    this.end();
    if (tcb.state !== state.finWait2) return;
    tcb.idleAt = this.#layer.nic.now() + finWait2Msecs;
    this.#touch();
  }
  /** Ends at once; the peer gets a reset. */
  reset(): void {
    if (this.#tcb.state === state.timeWait) return;
    if (this.#tcb.state !== state.closed) abort(this.#layer, this.#tcb, "aborted");
    this.#settle();
  }
  /** The connection was established. */
  get isOpen(): boolean {
    return isSynchronized(this.#tcb) && this.#tcb.state !== state.timeWait;
  }

  #touch(): void {
    touch(this.#layer, this.#tcb);
    this.#settle();
  }
  #settle(): void {
    this.#layer.nic.settle();
  }
}
