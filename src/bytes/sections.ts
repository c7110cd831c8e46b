// Several byte strings as one, by name: the length of each, then each at a multiple of 8, so that typed arrays fit. Names
// are known to whoever reads them, and not among the bytes.
const ALIGNMENT = 8;
const WORD = 4;

const aligned = (length: number): number => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

export type Sections<Name extends string> = Readonly<Record<Name, Uint8Array>>;

export function encodeSections<Name extends string>(
  names: readonly Name[],
  sections: Sections<Name>,
): Uint8Array {
  const head = aligned(WORD * names.length);
  const bytes = new Uint8Array(names.reduce((sum, name) => sum + aligned(sections[name].length), head));
  const view = new DataView(bytes.buffer);
  let at = head;
  names.forEach((name, index) => {
    view.setUint32(WORD * index, sections[name].length, true);
    bytes.set(sections[name], at);
    at += aligned(sections[name].length);
  });
  return bytes;
}

/** Views of the sections; undefined where the bytes are not so many. */
export function decodeSections<Name extends string>(
  names: readonly Name[],
  bytes: Uint8Array,
): Sections<Name> | undefined {
  let at = aligned(WORD * names.length);
  if (bytes.length < at) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: [Name, Uint8Array][] = [];
  for (const [index, name] of names.entries()) {
    const length = view.getUint32(WORD * index, true);
    if (aligned(length) > bytes.length - at) return undefined;
    found.push([name, bytes.subarray(at, at + length)]);
    at += aligned(length);
  }
  return at === bytes.length ? (Object.fromEntries(found) as Sections<Name>) : undefined;
}
