// Guest memory: the guest's physical addresses from 0, and the only place that turns one into bytes.

/** The guest's memory as the host sees it. Addresses and lengths in bytes, at most 4 GiB. */
export interface GuestMemory {
  readonly size: number;
  /**
   * A view of [gpa, gpa + length), or undefined where it is not wholly inside the memory. The view stays valid: memory
   * neither grows nor moves.
   */
  bytes(gpa: number | bigint, length: number | bigint): Uint8Array | undefined;
}

/**
 * Whether [gpa, gpa + length) lies inside a memory of `size` bytes; numbers and bigints as guests pass them. Doubles do:
 * they are exact up to 2^53, and what they round lies beyond any memory.
 */
export function isInside(size: number, gpa: number | bigint, length: number | bigint): boolean {
  const [start, count] = [Number(gpa), Number(length)];
  return start >= 0 && count >= 0 && start <= size && count <= size - start;
}

/** Guest memory in an ordinary buffer. */
export function plainMemory(size: number): GuestMemory {
  const buffer = new ArrayBuffer(size);
  return {
    size,
    bytes: (gpa, length) =>
      isInside(size, gpa, length) ? new Uint8Array(buffer, Number(gpa), Number(length)) : undefined,
  };
}
