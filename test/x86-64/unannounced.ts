// What a CPU may execute and the engine refuses: features that its CPUID does not announce, each with where it would be.
// docs/engine.md names them. Specification: Intel SDM volume 2, CPUID, and appendix A.
import type { Point } from "./opcode-maps.js";

/** Whether opcodes of a map are meant: by ModRM.reg, or the whole ModRM byte. */
interface Where {
  readonly map: Point["map"];
  readonly opcodes: readonly number[];
  readonly digits?: readonly number[];
  readonly modrms?: readonly number[];
}

interface Feature {
  readonly name: string;
  /** Leaf (of subleaf 0), register, bit. */
  readonly announced: readonly [leaf: number, register: "ebx" | "ecx" | "edx", bit: number];
  readonly where: readonly Where[];
}

export const unannounced: readonly Feature[] = [
  {
    name: "XSAVE",
    announced: [1, "ecx", 26],
    where: [
      { map: 1, opcodes: [0x01], modrms: [0xd0, 0xd1] },
      { map: 1, opcodes: [0xae], digits: [4, 5, 6] },
      { map: 1, opcodes: [0xc7], digits: [3, 4, 5] },
    ],
  },
  { name: "SYSENTER", announced: [1, "edx", 11], where: [{ map: 1, opcodes: [0x34, 0x35] }] },
  {
    name: "RTM",
    announced: [7, "ebx", 11],
    where: [
      { map: 0, opcodes: [0xc6, 0xc7], modrms: [0xf8] },
      { map: 1, opcodes: [0x01], modrms: [0xd5, 0xd6] },
    ],
  },
  { name: "TSXLDTRK", announced: [7, "edx", 16], where: [{ map: 1, opcodes: [0x01], modrms: [0xe8, 0xe9] }] },
  { name: "SERIALIZE", announced: [7, "edx", 14], where: [{ map: 1, opcodes: [0x01], modrms: [0xe8] }] },
  { name: "SGX", announced: [7, "ebx", 2], where: [{ map: 1, opcodes: [0x01], modrms: [0xc0, 0xcf, 0xd7] }] },
  {
    name: "VMX",
    announced: [1, "ecx", 5],
    where: [{ map: 1, opcodes: [0x01], modrms: [0xcc, 0xcd, 0xce, 0xcf] }],
  },
  { name: "PKU", announced: [7, "ecx", 4], where: [{ map: 1, opcodes: [0x01], modrms: [0xee, 0xef] }] },
  {
    name: "MONITOR",
    announced: [1, "ecx", 3],
    where: [{ map: 1, opcodes: [0x01], modrms: [0xc8, 0xc9, 0xfa, 0xfb] }],
  },
  {
    name: "CLZERO",
    announced: [0x8000_0008, "ebx", 0],
    where: [{ map: 1, opcodes: [0x01], modrms: [0xfc] }],
  },
  { name: "RDPRU", announced: [0x8000_0008, "ebx", 4], where: [{ map: 1, opcodes: [0x01], modrms: [0xfd] }] },
  {
    name: "UINTR",
    announced: [7, "edx", 5],
    where: [{ map: 1, opcodes: [0x01], modrms: [0xec, 0xed, 0xee, 0xef] }],
  },
  { name: "PTWRITE", announced: [7, "ebx", 25], where: [{ map: 1, opcodes: [0xae], digits: [4] }] },
  { name: "WAITPKG", announced: [7, "ecx", 5], where: [{ map: 1, opcodes: [0xae], digits: [6] }] },
  { name: "CLWB", announced: [7, "ebx", 24], where: [{ map: 1, opcodes: [0xae], digits: [6] }] },
  { name: "CLFLUSHOPT", announced: [7, "ebx", 23], where: [{ map: 1, opcodes: [0xae], digits: [7] }] },
  {
    name: "CET_SS",
    announced: [7, "ecx", 7],
    where: [
      { map: 1, opcodes: [0xae], digits: [5, 6] },
      { map: 2, opcodes: [0xf5, 0xf6] },
      { map: 1, opcodes: [0x01], modrms: [0xe8, 0xea] },
    ],
  },
  { name: "RDPID", announced: [7, "ecx", 22], where: [{ map: 1, opcodes: [0xc7], digits: [7] }] },
  { name: "SENDUIPI", announced: [7, "edx", 5], where: [{ map: 1, opcodes: [0xc7], digits: [6] }] },
  { name: "INVPCID", announced: [7, "ebx", 10], where: [{ map: 2, opcodes: [0x82] }] },
  {
    name: "GFNI",
    announced: [7, "ecx", 8],
    where: [
      { map: 2, opcodes: [0xcf] },
      { map: 3, opcodes: [0xce, 0xcf] },
    ],
  },
  { name: "ENQCMD", announced: [7, "ecx", 29], where: [{ map: 2, opcodes: [0xf8] }] },
  { name: "MOVDIR64B", announced: [7, "ecx", 28], where: [{ map: 2, opcodes: [0xf8] }] },
  { name: "MOVDIRI", announced: [7, "ecx", 27], where: [{ map: 2, opcodes: [0xf9] }] },
  {
    name: "Key Locker",
    announced: [7, "ecx", 23],
    where: [{ map: 2, opcodes: [0xd8, 0xdc, 0xdd, 0xde, 0xdf, 0xfa, 0xfb] }],
  },
  { name: "RAO-INT", announced: [7, "edx", 3], where: [{ map: 2, opcodes: [0xfc] }] },
  {
    name: "SVM",
    announced: [0x8000_0001, "ecx", 2],
    where: [{ map: 1, opcodes: [0x01], modrms: [0xd8, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf] }],
  },
  { name: "SSE4A", announced: [0x8000_0001, "ecx", 6], where: [{ map: 1, opcodes: [0x2b, 0x78, 0x79] }] },
  { name: "3DNow!", announced: [0x8000_0001, "edx", 31], where: [{ map: 1, opcodes: [0x0e, 0x0f] }] },
];

const has = (list: readonly number[] | undefined, value: number) => list?.includes(value) ?? true;

const isAt = ({ map, opcode, modrm = 0 }: Point, where: Where): boolean =>
  map === where.map &&
  where.opcodes.includes(opcode) &&
  has(where.digits, (modrm >> 3) & 7) &&
  has(where.modrms, modrm);

/** Whether a CPU may execute this for one of these features. */
export const isUnannounced = (point: Point): boolean =>
  unannounced.some(({ where }) => where.some((one) => isAt(point, one)));
