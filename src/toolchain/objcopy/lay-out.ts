// Puts a changed file together.
import { ehdr, phdr, shdr } from "../../abi/elf.js";
import { viewOf, type ValueOf } from "../../bytes/struct.js";
import { isAllocated, type Section } from "./section.js";

/** Of a section in a file; more would only serve to make the file large. */
const maxAlignment = 0x10000n;

/** What segments cover stays where it is; the rest follows, then the section headers. */
export function layOut(
  data: Uint8Array,
  header: ValueOf<typeof ehdr>,
  headers: readonly Section[],
  contents: ReadonlyMap<number, Uint8Array>,
  shstrndx: number,
  empties: boolean,
): Uint8Array {
  const phoff = Number(header.phoff);
  const segments = Array.from({ length: header.phnum }, (_, i) =>
    phdr.read(viewOf(data), phoff + i * phdr.size),
  );
  const covered = [
    ehdr.size,
    phoff + header.phnum * phdr.size,
    ...(empties ? [] : segments)
      .filter(({ filesz }) => filesz > 0n)
      .map(({ offset, filesz }) => Number(offset + filesz)),
  ].reduce((a, b) => Math.max(a, b), 0);
  if (covered > data.length) throw new RangeError("segment beyond the end of the file");

  let end = covered;
  const place = (size: number, align: number): number => {
    const at = Math.ceil(end / align) * align;
    end = at + size;
    return at;
  };
  const placed = headers.map((section) => {
    const content = contents.get(section.index) ?? new Uint8Array();
    const stays = !empties && segments.length > 0 && isAllocated(section) && section.offset > 0n;
    if (stays) return section;
    // Nothing of it is in the file, and yet linkers look whether that ends before it.
    if (content.length === 0)
      return { ...section, offset: section.offset < BigInt(end) ? section.offset : BigInt(end) };
    if (section.addralign > maxAlignment) throw new RangeError("section of an absurd alignment");
    return { ...section, offset: BigInt(place(content.length, Math.max(1, Number(section.addralign)))) };
  });
  const shoff = place(placed.length * shdr.size, 8);

  const result = new Uint8Array(end);
  result.set(data.subarray(0, covered));
  for (const [i, section] of placed.entries()) {
    const content = contents.get(section.index) ?? new Uint8Array();
    const at = Number(section.offset);
    if (content.length > 0) result.set(content, at);
    shdr.write(viewOf(result), shoff + i * shdr.size, section);
  }
  for (const [i, segment] of (empties ? segments : []).entries()) {
    phdr.write(viewOf(result), phoff + i * phdr.size, { ...segment, filesz: 0n });
  }
  ehdr.write(viewOf(result), 0, { ...header, shoff: BigInt(shoff), shnum: placed.length, shstrndx });
  return result;
}
