// A core file: ELF header, notes with the registers, and the guest's memory as one segment from address 0. System V gABI
// chapters 4 and 5; what is in the notes is Linux's. The bytes of the memory are written by whoever has the file.
import { coreNote, coreNoteName, coreType, prpsinfo, prstatus } from "../../abi/core.js";
import { ehdr, ehdrCommon, machine, nhdr, phdr, segmentFlag, segmentType, type Isa } from "../../abi/elf.js";
import { alignUp, pageSize } from "../../bytes/align.js";
import { encode, viewOf } from "../../bytes/struct.js";
import { encodeText, withNul } from "../../bytes/text.js";
import { coreRegisters, type ReadRegister } from "./registers.js";

interface CoreOptions {
  readonly isa: Isa;
  readonly pid: number;
  /** The unikernel's name and its command line. */
  readonly name: string;
  readonly cmdline: string;
  /** Number of the signal that stands for the guest's end. signal(7). */
  readonly signal: number;
  readonly read: ReadRegister;
  readonly memorySize: number;
}

const noteAlign = 4;
function note(type: number, desc: Uint8Array): Uint8Array {
  const name = withNul(coreNoteName);
  const nameEnd = nhdr.size + alignUp(name.length, noteAlign);
  const data = new Uint8Array(nameEnd + alignUp(desc.length, noteAlign));
  nhdr.write(viewOf(data), 0, { namesz: name.length, descsz: desc.length, type });
  data.set(name, nhdr.size);
  data.set(desc, nameEnd);
  return data;
}

function statusOf({ isa, pid, signal }: CoreOptions, general: Uint8Array): Uint8Array {
  const layout = prstatus[isa];
  const data = new Uint8Array(layout.size);
  const view = viewOf(data);
  const { fields, offsets } = layout;
  fields.signo.write(view, offsets.signo, signal);
  fields.cursig.write(view, offsets.cursig, signal);
  fields.pid.write(view, offsets.pid, pid);
  fields.fpvalid.write(view, offsets.fpvalid, 1);
  data.set(general, offsets.reg);
  return data;
}

function processInfo({ pid, name, cmdline }: CoreOptions): Uint8Array {
  const text = encodeText;
  return encode(prpsinfo, {
    state: 0,
    sname: "R".charCodeAt(0),
    zomb: 0,
    nice: 0,
    flag: 0n,
    uid: 0,
    gid: 0,
    pid,
    ppid: 0,
    pgrp: 0,
    sid: 0,
    fname: text(name.slice(name.lastIndexOf("/") + 1)).subarray(0, 15),
    psargs: text(`${name} ${cmdline}`.trim()).subarray(0, 79),
  });
}

/** Everything before the memory, whose bytes follow it at once. */
export function coreHeader(options: CoreOptions): Uint8Array {
  const { isa, read, memorySize } = options;
  const { general, floating } = coreRegisters[isa](read);
  const notes = [
    note(coreNote.prstatus, statusOf(options, general)),
    note(coreNote.prpsinfo, processInfo(options)),
    note(coreNote.prfpreg, floating),
  ];
  const notesAt = ehdr.size + 2 * phdr.size;
  const notesSize = notes.reduce((sum, { length }) => sum + length, 0);
  const header = new Uint8Array(alignUp(notesAt + notesSize, pageSize));
  const view = viewOf(header);
  ehdr.write(view, 0, {
    ...ehdrCommon,
    type: coreType,
    machine: machine[isa],
    entry: 0n,
    shoff: 0n,
    phnum: 2,
    shentsize: 0,
    shnum: 0,
    shstrndx: 0,
  });
  const segment = { vaddr: 0n, paddr: 0n };
  phdr.write(view, ehdr.size, {
    ...segment,
    type: segmentType.note,
    flags: segmentFlag.read,
    offset: BigInt(notesAt),
    filesz: BigInt(notesSize),
    memsz: 0n,
    align: BigInt(noteAlign),
  });
  phdr.write(view, ehdr.size + phdr.size, {
    ...segment,
    type: segmentType.load,
    flags: segmentFlag.read | segmentFlag.write | segmentFlag.execute,
    offset: BigInt(header.length),
    filesz: BigInt(memorySize),
    memsz: BigInt(memorySize),
    align: BigInt(pageSize),
  });
  let at = notesAt;
  for (const data of notes) {
    header.set(data, at);
    at += data.length;
  }
  return header;
}
