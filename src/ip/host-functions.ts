// What a host may do in the engine's place, where that interprets: loops over bytes. Each says the same as the function of this
// name here, which is what happens without.

/** Bytes that begin a buffer of their own, with both ways to them. */
export interface Buffered {
  readonly bytes: Uint8Array;
  readonly buffer: ArrayBufferLike;
}

/** One for frames, one after the other. */
export interface FrameBuffer extends Buffered {
  readonly view: DataView;
}

export interface HostFunctions {
  /** checksum.ts: of the bytes from `from` to `to` of a buffer. */
  sum(buffer: ArrayBufferLike, from: number, to: number): number;
  /** tcp/frame-head.ts. */
  agrees(frame: Buffered, end: number, pattern: Buffered): boolean;
  /** tcp/frame-head.ts. */
  compose(frame: Buffered, head: Buffered, seq: number, ack: number, flagsAndWindow: number, timestamp: number, echo: number, length: number): void; // prettier-ignore
}

export let hosted: HostFunctions | undefined;

/** For all stacks. */
export function useHostFunctions(own: HostFunctions | undefined): void {
  hosted = own;
}
