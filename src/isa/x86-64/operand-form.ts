// What an operand's name in the table says: where its number or value is encoded, and how wide it is.
// Specification: Intel SDM volume 2, 3.1.1.3 (`r32`, `r/m64`, `xmm2/m128`, `imm8`); a name ending in `b` is in
// VEX.vvvv; `xmm1` is in ModRM.reg and `xmm2` in ModRM.rm, as the manual's pages have it; `rm32` is a register there.

/** In bits; v, y and z follow the operand size. */
export type FormWidth = number | "v" | "y" | "z";

export type OperandForm =
  | { readonly from: "reg" | "vvvv" | "rmRegister"; readonly width: FormWidth }
  | { readonly from: "rm"; readonly width: FormWidth; readonly memoryWidth: FormWidth }
  | { readonly from: "memory"; readonly width: FormWidth }
  | { readonly from: "fixed"; readonly width: FormWidth; readonly index: number }
  | { readonly from: "immediate"; readonly width: FormWidth }
  | { readonly from: "one" | "relative" }
  | { readonly from: "moffs"; readonly width: FormWidth }
  | { readonly from: "vectorReg" | "vectorRegister" | "mmReg"; readonly width: 0 }
  | { readonly from: "vectorRm" | "mmRm"; readonly width: FormWidth }
  | { readonly from: "numbered"; readonly kind: "xmm" | "segment" | "st"; readonly index: number }
  | { readonly from: "segmentReg" | "controlReg" | "debugReg" | "stackIndex" };

const segments = ["ES", "CS", "SS", "DS", "FS", "GS"];
const fixed: Record<string, readonly [FormWidth, number]> = {
  AL: [8, 0],
  CL: [8, 1],
  AX: [16, 0],
  DX: [16, 2],
  EAX: [32, 0],
  RAX: [64, 0],
  rAX: ["v", 0],
};
const simple: Record<string, OperandForm> = {
  "1": { from: "one" },
  rel8: { from: "relative" },
  rel32: { from: "relative" },
  xmm: { from: "vectorReg", width: 0 },
  xmm1: { from: "vectorReg", width: 0 },
  xmm2: { from: "vectorRegister", width: 0 },
  XMM0: { from: "numbered", kind: "xmm", index: 0 },
  mm: { from: "mmReg", width: 0 },
  mm1: { from: "mmReg", width: 0 },
  mm2: { from: "mmRm", width: 64 },
  Sreg: { from: "segmentReg" },
  CRn: { from: "controlReg" },
  DRn: { from: "debugReg" },
  "ST(0)": { from: "numbered", kind: "st", index: 0 },
  "ST(i)": { from: "stackIndex" },
};

const widthOf = (text: string | undefined): FormWidth =>
  text === "v" || text === "y" || text === "z" ? text : Number(text ?? 0);

function parseForm(name: string): OperandForm {
  const found = simple[name];
  if (found !== undefined) return found;
  const register = fixed[name];
  if (register !== undefined) return { from: "fixed", width: register[0], index: register[1] };
  if (segments.includes(name)) return { from: "numbered", kind: "segment", index: segments.indexOf(name) };
  let match = /^r(\d+|v|y)([ab]?)$/.exec(name);
  if (match) return { from: match[2] === "b" ? "vvvv" : "reg", width: widthOf(match[1]) };
  match = /^r(\d+|v|y)?\/m(\d+|v|y)$/.exec(name);
  if (match) {
    return { from: "rm", width: widthOf(match[1] ?? match[2]), memoryWidth: widthOf(match[2]) };
  }
  match = /^rm(\d+|v|y)$/.exec(name);
  if (match) return { from: "rmRegister", width: widthOf(match[1]) };
  match = /^R(\d+)$/.exec(name);
  if (match) return { from: "rmRegister", width: widthOf(match[1]) };
  match = /^imm(\d+|v|z)$/.exec(name);
  if (match) return { from: "immediate", width: widthOf(match[1]) };
  match = /^moffs(\d+|v)$/.exec(name);
  if (match) return { from: "moffs", width: widthOf(match[1]) };
  match = /^(xmm2|mm2)\/m(\d+)$/.exec(name);
  if (match) return { from: match[1] === "mm2" ? "mmRm" : "vectorRm", width: widthOf(match[2]) };
  match = /^m(\d+|v|y)?(fp|int|bcd|byte|:\d+)?$/.exec(name);
  if (match) return { from: "memory", width: widthOf(match[1]) };
  throw new SyntaxError(`operand ${name}`);
}

const forms = new Map<string, OperandForm>();

/** The form of an operand's name; throws SyntaxError on one that the notation does not have. */
export function operandForm(name: string): OperandForm {
  let form = forms.get(name);
  if (form === undefined) forms.set(name, (form = parseForm(name)));
  return form;
}
