// What a stack needs of who runs it: a link that moves frames, a clock with one alarm, and entropy. Nothing else comes in,
// so the same calls in the same order send the same frames.

export interface Link {
  /** Bytes of an IP packet, without the Ethernet header. At least 576 (RFC 1122, 3.3.3); 1280 for IPv6 (RFC 8200, 5). */
  readonly mtu: number;
  /** The stack's own address on the link, 6 bytes. */
  readonly mac: Uint8Array;
  /**
   * Takes one Ethernet frame without its checksum; the bytes are valid during the call only. False where it cannot take it
   * now: TCP sends it again after `Stack.resume()`, everything else is lost as on any link.
   */
  send(frame: Uint8Array): boolean;
  /** The same for the first `length` bytes of a buffer, where that saves the link an array for each frame. */
  sendFirst?(buffer: Uint8Array, length: number): boolean;
}

export interface Host {
  /** Milliseconds from an arbitrary point; never goes back. Fractions are welcome. */
  now(): number;
  /** Asks for one call of `Stack.tick()` when `now()` is `at`; it replaces what was asked before. Infinity: none. */
  wake(at: number): void;
  /** Fills `into` with bytes that nobody can guess. */
  entropy(into: Uint8Array): void;
}
