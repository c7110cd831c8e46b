// Which number the kernel will give to each descriptor: always the lowest that is free. The filter and the boot data
// name descriptors by number, so the launch foretells them and holds the kernel to it.

export interface ForetoldDescriptors {
  /** The number of the next descriptor to be opened. */
  open(): number;
  close(fd: number): void;
  /** Runs of numbers that are not in use, from 3 up; the last has no end. */
  gaps(): readonly (readonly [first: number, last: number])[];
}

/** The highest descriptor number there is, as close_range(2) takes it. */
const lastDescriptor = 0xffff_ffff;

/** 0 to 2 and `inherited` are open. */
export function createDescriptors(inherited: readonly number[]): ForetoldDescriptors {
  const used = new Set([0, 1, 2, ...inherited]);
  return {
    open() {
      let fd = 0;
      while (used.has(fd)) fd++;
      used.add(fd);
      return fd;
    },
    close: (fd) => void used.delete(fd),
    gaps() {
      const gaps: [number, number][] = [];
      let first = 0;
      for (const fd of [...used].sort((a, b) => a - b)) {
        if (fd > first) gaps.push([first, fd - 1]);
        first = fd + 1;
      }
      return [...gaps, [first, lastDescriptor]];
    },
  };
}
