// What a device is: it moves bytes, and knows neither the target that asks nor the engine that runs. A new device
// implements one of these and passes the cases beside it.
import type { Result } from "../abi/start.js";

/** A block device. Offsets are multiples of `blockSize`, and so are lengths; both were checked by the target. */
export interface BlockDevice {
  /** Bytes, a multiple of `blockSize`. */
  readonly capacity: bigint;
  readonly blockSize: number;
  /** Fills `into` from `offset`; complete or an error. */
  read(offset: bigint, into: Uint8Array): Result;
  /** Returns `ok` only when all of `data` is in the backing storage. */
  write(offset: bigint, data: Uint8Array): Result;
  close(): void;
}

/** Where a guest's console output goes. Input does not exist in Solo5. */
export interface Console {
  /** A console of the user's may keep `data`; those of ours are given what is valid during the call only. */
  write(data: Uint8Array): void;
}

/** The host's clocks, in nanoseconds. */
export interface Clock {
  /** Never goes back; counts from an arbitrary point. */
  monotonic(): bigint;
  /** Since the Unix epoch, UTC. */
  wall(): bigint;
}
