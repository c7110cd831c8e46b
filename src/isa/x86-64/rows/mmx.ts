// MMX, and what SSE to SSSE3 added to it: all slow, on the low 64 bits of the x87's registers. Most are instructions of
// SSE2 on half as much. Specification: Intel SDM volume 2 and volume 1, chapter 9.
import { type Feature, type Row, rows } from "../instruction.js";

const two = "mm1, mm2/m64";

/** Destination and source, by opcode behind 0F. */
const packed: Readonly<Record<string, readonly (readonly [mnemonic: string, opcode: string])[]>> = {
  MMX: [
    ["PACKSSWB", "63"],
    ["PCMPGTB", "64"],
    ["PCMPGTW", "65"],
    ["PCMPGTD", "66"],
    ["PACKUSWB", "67"],
    ["PUNPCKHBW", "68"],
    ["PUNPCKHWD", "69"],
    ["PUNPCKHDQ", "6A"],
    ["PACKSSDW", "6B"],
    ["PCMPEQB", "74"],
    ["PCMPEQW", "75"],
    ["PCMPEQD", "76"],
    ["PSRLW", "D1"],
    ["PSRLD", "D2"],
    ["PSRLQ", "D3"],
    ["PMULLW", "D5"],
    ["PSUBUSB", "D8"],
    ["PSUBUSW", "D9"],
    ["PAND", "DB"],
    ["PADDUSB", "DC"],
    ["PADDUSW", "DD"],
    ["PANDN", "DF"],
    ["PSRAW", "E1"],
    ["PSRAD", "E2"],
    ["PMULHW", "E5"],
    ["PSUBSB", "E8"],
    ["PSUBSW", "E9"],
    ["POR", "EB"],
    ["PADDSB", "EC"],
    ["PADDSW", "ED"],
    ["PXOR", "EF"],
    ["PSLLW", "F1"],
    ["PSLLD", "F2"],
    ["PSLLQ", "F3"],
    ["PMADDWD", "F5"],
    ["PSUBB", "F8"],
    ["PSUBW", "F9"],
    ["PSUBD", "FA"],
    ["PADDB", "FC"],
    ["PADDW", "FD"],
    ["PADDD", "FE"],
  ],
  SSE: [
    ["PMINUB", "DA"],
    ["PMAXUB", "DE"],
    ["PAVGB", "E0"],
    ["PAVGW", "E3"],
    ["PMULHUW", "E4"],
    ["PMINSW", "EA"],
    ["PMAXSW", "EE"],
    ["PSADBW", "F6"],
  ],
  SSE2: [
    ["PADDQ", "D4"],
    ["PMULUDQ", "F4"],
    ["PSUBQ", "FB"],
  ],
  SSSE3: [
    ["PSHUFB", "38 00"],
    ["PHADDW", "38 01"],
    ["PHADDD", "38 02"],
    ["PHADDSW", "38 03"],
    ["PMADDUBSW", "38 04"],
    ["PHSUBW", "38 05"],
    ["PHSUBD", "38 06"],
    ["PHSUBSW", "38 07"],
    ["PSIGNB", "38 08"],
    ["PSIGNW", "38 09"],
    ["PSIGND", "38 0A"],
    ["PMULHRSW", "38 0B"],
    ["PABSB", "38 1C"],
    ["PABSW", "38 1D"],
    ["PABSD", "38 1E"],
  ],
};

const of = (feature: Feature, mnemonic: string, ...encodings: readonly string[]) =>
  rows(mnemonic, { feature }, ...encodings);

const shiftsByImmediate = (
  [
    ["PSRLW", "71 /2"],
    ["PSRAW", "71 /4"],
    ["PSLLW", "71 /6"],
    ["PSRLD", "72 /2"],
    ["PSRAD", "72 /4"],
    ["PSLLD", "72 /6"],
    ["PSRLQ", "73 /2"],
    ["PSLLQ", "73 /6"],
  ] as const
).flatMap(([mnemonic, opcode]) => of("MMX", mnemonic, `NP 0F ${opcode} ib | mm2, imm8`));

/** Two operands of 64 bits, of the same mnemonic in SSE. */
export const mmxPackedRows: readonly Row[] = [
  ...Object.entries(packed).flatMap(([feature, list]) =>
    list.flatMap(([mnemonic, opcode]) => of(feature as Feature, mnemonic, `NP 0F ${opcode} /r | ${two}`)),
  ),
  // Of memory these read only what they need.
  ...of("MMX", "PUNPCKLBW", "NP 0F 60 /r | mm1, mm2/m32"),
  ...of("MMX", "PUNPCKLWD", "NP 0F 61 /r | mm1, mm2/m32"),
  ...of("MMX", "PUNPCKLDQ", "NP 0F 62 /r | mm1, mm2/m32"),
  ...shiftsByImmediate,
  ...of("SSSE3", "PALIGNR", `NP 0F 3A 0F /r ib | ${two}, imm8`),
  ...of("SSE", "PINSRW", "NP 0F C4 /r ib | mm1, r32/m16, imm8"),
  ...of("SSE", "PEXTRW", "NP 0F C5 /r ib | r32, mm2, imm8"),
  ...of("SSE", "PMOVMSKB", "NP 0F D7 /r | r32, mm2"),
];

export const mmxRows: readonly Row[] = [
  ...mmxPackedRows,
  ...of("MMX", "EMMS", "NP 0F 77"),
  ...of("MMX", "MOVD", "NP 0F 6E /r | mm1, r/m32", "NP 0F 7E /r | r/m32, mm1"),
  ...of("MMX", "MOVQ", "NP REX.W 0F 6E /r | mm1, r/m64", "NP REX.W 0F 7E /r | r/m64, mm1"),
  ...of("MMX", "MOVQ", `NP 0F 6F /r | ${two}`, "NP 0F 7F /r | mm2/m64, mm1"),
  ...of("SSE", "PSHUFW", `NP 0F 70 /r ib | ${two}, imm8`),
  ...of("SSE", "MOVNTQ", "NP 0F E7 /r | m64, mm1"),
  ...of("SSE", "MASKMOVQ", "NP 0F F7 /r | mm1, mm2"),
  ...of("SSE2", "MOVQ2DQ", "F3 0F D6 /r | xmm1, mm2"),
  ...of("SSE2", "MOVDQ2Q", "F2 0F D6 /r | mm1, xmm2"),
  ...rows("CVTPI2PS", { feature: "SSE", mxcsr: true }, "NP 0F 2A /r | xmm1, mm2/m64"),
  ...rows("CVTTPS2PI", { feature: "SSE", mxcsr: true }, "NP 0F 2C /r | mm1, xmm2/m64"),
  ...rows("CVTPS2PI", { feature: "SSE", mxcsr: true }, "NP 0F 2D /r | mm1, xmm2/m64"),
  ...rows("CVTPI2PD", { feature: "SSE2", mxcsr: true }, "66 0F 2A /r | xmm1, mm2/m64"),
  ...rows("CVTTPD2PI", { feature: "SSE2", mxcsr: true }, "66 0F 2C /r | mm1, xmm2/m128"),
  ...rows("CVTPD2PI", { feature: "SSE2", mxcsr: true }, "66 0F 2D /r | mm1, xmm2/m128"),
];
