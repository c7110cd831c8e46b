// Cyclic redundancy checks a byte at a time. Specification: Arm ARM (DDI 0487), C6.2 (CRC32B, CRC32CB), with polynomials reflected.

const polynomials = { CRC32: 0xedb8_8320 | 0, CRC32C: 0x82f6_3b78 | 0 } as const;

const tableOf = (polynomial: number): Int32Array =>
  Int32Array.from({ length: 256 }, (_, n) => {
    let value = n;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? polynomial : 0);
    return value;
  });

const tables = { CRC32: tableOf(polynomials.CRC32), CRC32C: tableOf(polynomials.CRC32C) };

export function crc(name: keyof typeof tables, sum: number, data: bigint, sizeBytes: number): number {
  let value = sum;
  for (let n = 0; n < sizeBytes; n++) {
    const byte = Number((data >> BigInt(8 * n)) & 0xffn);
    value = (value >>> 8) ^ (tables[name][(value ^ byte) & 0xff] ?? 0);
  }
  return value;
}
