// Rounding to multiples: pages, blocks, alignments. All values are exact integers below 2^53.

/** The smallest size of a page on the ISAs that we know, and the unit of every protection. */
export const pageSize = 0x1000;

export const alignUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;
export const alignDown = (value: number, unit: number): number => Math.floor(value / unit) * unit;
