// The registers of x86-64 for gdb: its own features with the names that it asks for (GDB manual, G.5.4), and the control
// registers, which it shows under `info registers`.
import { named, numbered, type Architecture } from "./description.js";

const flagNames: readonly (readonly [name: string, bit: number])[] = [
  ["CF", 0],
  ["PF", 2],
  ["AF", 4],
  ["ZF", 6],
  ["SF", 7],
  ["TF", 8],
  ["IF", 9],
  ["DF", 10],
  ["OF", 11],
  ["NT", 14],
  ["RF", 16],
  ["AC", 18],
  ["ID", 21],
];
const eflags = `<flags id="i386_eflags" size="4">${flagNames
  .map(([name, bit]) => `<field name="${name}" start="${bit}" end="${bit}"/>`)
  .join("")}</flags>`;

/** What an SSE register may hold; the names of the fields are those that gdb's users know. */
const lanes: readonly (readonly [field: string, type: string, count: number])[] = [
  ["v4_float", "ieee_single", 4],
  ["v2_double", "ieee_double", 2],
  ["v16_int8", "int8", 16],
  ["v8_int16", "int16", 8],
  ["v4_int32", "int32", 4],
  ["v2_int64", "int64", 2],
];
const vec128 = [
  ...lanes.map(([field, type, count]) => `<vector id="${field}_t" type="${type}" count="${count}"/>`),
  `<union id="vec128">`,
  ...lanes.map(([field]) => `<field name="${field}" type="${field}_t"/>`),
  `<field name="uint128" type="uint128"/></union>`,
].join("");

export const x8664: Architecture = {
  name: "i386:x86-64",
  pc: "rip",
  watchesBefore: false,
  features: [
    {
      name: "org.gnu.gdb.i386.core",
      types: eflags,
      registers: [
        ...named("rax rbx rcx rdx rsi rdi", 64, "int64"),
        ...named("rbp rsp", 64, "data_ptr"),
        ...named("r8 r9 r10 r11 r12 r13 r14 r15", 64, "int64"),
        ...named("rip", 64, "code_ptr"),
        { name: "eflags", bits: 32, type: "i386_eflags", source: "rflags" },
        ...named("cs ss ds es fs gs", 32, "int32"),
        ...numbered("st", 8, 80, "i387_ext"),
        ...named("fctrl fstat ftag fiseg fioff foseg fooff fop", 32, "int"),
      ],
    },
    {
      name: "org.gnu.gdb.i386.sse",
      types: vec128,
      registers: [...numbered("xmm", 16, 128, "vec128"), ...named("mxcsr", 32, "int32")],
    },
    { name: "org.gnu.gdb.i386.segments", registers: named("fs_base gs_base", 64, "int64") },
    { name: "org.solo5.x86-64.control", registers: named("cr0 cr2 cr3 cr4 cr8 efer", 64, "int64") },
  ],
};
