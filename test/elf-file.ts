// Makes ELF64 files for tests, right and wrong ones. Offsets are written out from the System V gABI (chapters 4 and 5)
// and docs/abi.md 1.1 to 1.3, not taken from src/abi: what reads these files must not share its mistakes.

export interface ProgramHeader {
  readonly type: number;
  readonly flags?: number;
  readonly vaddr?: bigint;
  /** Placed behind the headers; the fields below default to what fits it. */
  readonly data?: Uint8Array;
  readonly offset?: bigint;
  readonly filesz?: bigint;
  readonly memsz?: bigint;
  readonly align?: bigint;
}

interface ElfFile {
  readonly type?: number;
  readonly machine?: number;
  readonly entry?: bigint;
  readonly headers: readonly ProgramHeader[];
}

export const ptLoad = 1;
export const ptNote = 4;
export const ptTls = 7;
const [x, w, r] = [1, 2, 4];
export const pf = { x, r, rx: r | x, rw: r | w, rwx: r | w | x } as const;

const view = (data: Uint8Array): DataView => new DataView(data.buffer, data.byteOffset, data.byteLength);

export function elfFile({ type = 2, machine = 62, entry = 0x100000n, headers }: ElfFile): Uint8Array {
  let end = 64 + headers.length * 56;
  const placed = headers.map((header) => {
    const at = end;
    end += Math.ceil((header.data?.length ?? 0) / 8) * 8;
    return { ...header, at };
  });
  const file = new Uint8Array(end);
  const out = view(file);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  out.setUint16(16, type, true);
  out.setUint16(18, machine, true);
  out.setUint32(20, 1, true);
  out.setBigUint64(24, entry, true);
  out.setBigUint64(32, 64n, true);
  out.setUint16(52, 64, true);
  out.setUint16(54, 56, true);
  out.setUint16(56, headers.length, true);
  placed.forEach((header, i) => {
    const { at, data = new Uint8Array(), vaddr = 0n } = header;
    const { filesz = BigInt(data.length), offset = BigInt(at) } = header;
    const base = 64 + i * 56;
    out.setUint32(base, header.type, true);
    out.setUint32(base + 4, header.flags ?? pf.r, true);
    [offset, vaddr, vaddr, filesz, header.memsz ?? filesz, header.align ?? 0x1000n].forEach((value, n) =>
      out.setBigUint64(base + 8 + n * 8, value, true),
    );
    file.set(data, at);
  });
  return file;
}

/** One note; `sizes` replaces the true n_namesz and n_descsz. */
export function note(
  type: number,
  desc: Uint8Array,
  name = "Solo5",
  sizes: readonly number[] = [],
): Uint8Array {
  const text = new TextEncoder().encode(`${name}\0`);
  const descAt = 12 + Math.ceil(text.length / 4) * 4;
  const data = new Uint8Array(descAt + Math.ceil(desc.length / 4) * 4);
  view(data).setUint32(0, sizes[0] ?? text.length, true);
  view(data).setUint32(4, sizes[1] ?? desc.length, true);
  view(data).setUint32(8, type, true);
  data.set(text, 12);
  data.set(desc, descAt);
  return data;
}

export const abi1Type = 0x31494241;
export const mft1Type = 0x3154464d;

export function abiNote(target: number, version: number): Uint8Array {
  const desc = new Uint8Array(16);
  view(desc).setUint32(0, target, true);
  view(desc).setUint32(4, version, true);
  return note(abi1Type, desc);
}

/** The descriptor of an MFT1 note for `devices`, each a name and a type's number. */
export function manifestDesc(
  devices: readonly (readonly [name: string, type: number])[],
  version = 1,
): Uint8Array {
  const entries = [["", 1 << 30] as const, ...devices];
  const desc = new Uint8Array(4 + 8 + entries.length * 104);
  view(desc).setUint32(4, version, true);
  view(desc).setUint32(8, entries.length, true);
  entries.forEach(([name, type], i) => {
    const at = 12 + i * 104;
    desc.set(new TextEncoder().encode(name).subarray(0, 68), at);
    view(desc).setUint32(at + 68, type, true);
  });
  return desc;
}
export const manifestNote = (devices: readonly (readonly [name: string, type: number])[]): Uint8Array =>
  note(mft1Type, manifestDesc(devices));

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

export const hltText: ProgramHeader = {
  type: ptLoad,
  flags: pf.rx,
  vaddr: 0x100000n,
  data: Uint8Array.of(0xf4),
};
export const noteHeader = (data: Uint8Array): ProgramHeader => ({ type: ptNote, data, align: 4n });

/** A whole unikernel: one page of text and its notes. */
export function unikernelFile({
  target = 2,
  version = 2,
  devices = [],
  headers = [hltText],
  ...rest
}: {
  readonly target?: number;
  readonly version?: number;
  readonly devices?: readonly (readonly [name: string, type: number])[];
  readonly headers?: readonly ProgramHeader[];
} & Partial<Omit<ElfFile, "headers">> = {}): Uint8Array {
  return elfFile({
    ...rest,
    headers: [...headers, noteHeader(concat(manifestNote(devices), abiNote(target, version)))],
  });
}
