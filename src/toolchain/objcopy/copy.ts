// objcopy and strip as commands: files in, files out.
import { statSync, utimesSync } from "node:fs";
import { basename } from "node:path";
import { ehdr, machine, shdr, type Isa } from "../../abi/elf.js";
import { Solo5Error } from "../../bytes/error.js";
import { viewOf } from "../../bytes/struct.js";
import { readFile, writeFile } from "../../host/any/files.js";
import { changeArchive, isArchive } from "./archive.js";
import type { CopyArguments } from "./arguments.js";
import { fromBinary, toBinary } from "./binary.js";
import { changeElf } from "./change.js";

const elfFormats: Readonly<Record<string, Isa>> = {
  "elf64-x86-64": "x86-64",
  "elf64-littleaarch64": "aarch64",
};

/** Whether the formats that are asked for are ours. */
export const knowsFormats = ({ inputFormat, outputFormat, inputs, output }: CopyArguments): boolean =>
  [inputFormat, outputFormat].every(
    (format) => format === undefined || format === "binary" || format in elfFormats,
  ) &&
  (outputFormat !== "binary" || inputs.length === 1 || output === undefined);

/** Copies; `index` makes an archive's index of symbols anew. An output is as executable as its input. */
export function copy(args: CopyArguments, isa: Isa, index: (archive: string) => void): void {
  for (const input of args.inputs) {
    const data = readFile(input);
    const { mode, atime, mtime } = statSync(input);
    const output = args.output ?? input;
    try {
      writeFile(output, changed(data, input, args, isa), mode & 0o777);
    } catch (cause) {
      if (!(cause instanceof Solo5Error) || cause.code === "OPEN") throw cause;
      throw new Solo5Error(cause.code, `${input}: ${cause.message}`, { cause });
    }
    if (isArchive(data) && args.inputFormat !== "binary") index(output);
    if (args.preservesDates) utimesSync(output, atime, mtime);
  }
}

function changed(data: Uint8Array, input: string, args: CopyArguments, isa: Isa): Uint8Array {
  const { changes, inputFormat, outputFormat = inputFormat === "binary" ? "binary" : undefined } = args;
  const change = (object: Uint8Array): Uint8Array => changeElf(object, changes);
  if (inputFormat !== "binary" && isArchive(data)) return changeArchive(data, change);
  const elf =
    inputFormat === "binary" ? fromBinary(data, input, elfFormats[outputFormat ?? ""] ?? isa) : data;
  for (const { name, file } of args.dump) writeFile(file, sectionOf(elf, name));
  const result = change(elf);
  if (outputFormat === "binary") return toBinary(result, args);
  const wanted = outputFormat === undefined ? undefined : machine[elfFormats[outputFormat] ?? isa];
  if (wanted !== undefined && ehdr.read(viewOf(result), 0).machine !== wanted) {
    throw new Solo5Error("USAGE", `${basename(input)} is not ${outputFormat}`);
  }
  return result;
}

/** The bytes of the section `name`. */
function sectionOf(elf: Uint8Array, name: string): Uint8Array {
  const view = viewOf(elf);
  const { shoff, shnum, shstrndx } = ehdr.read(view, 0);
  const header = (i: number) => shdr.read(view, Number(shoff) + i * shdr.size);
  const names = Number(header(shstrndx).offset);
  for (let i = 1; i < shnum; i++) {
    const section = header(i);
    const at = names + section.name;
    const label = new TextDecoder("latin1").decode(elf.subarray(at, at + name.length + 1));
    if (label === `${name}\0`)
      return elf.slice(Number(section.offset), Number(section.offset + section.size));
  }
  throw new Solo5Error("USAGE", `there is no section ${name}`);
}
