// Brings two disassemblies to one form: binutils' names and notation where they differ from the manual's.

/** What binutils write, and how it reads here. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/^jmp FWORD PTR/, "jmp far"],
  [/^call FWORD PTR/, "call far"],
  [/^(iret|sysret|retf)[wdq]?\b/, "$1"],
  [/^(l[sfg]s) (\w+),\w+ PTR /, "$1 $2,"],
  [/\+riz\*\d/, ""],
  [/\bst\(0\)/g, "st"],
  [/^xlat\b.*/, "xlatb"],
  [/OWORD PTR/, "XMMWORD PTR"],
  [/^movabs (.*?)(ds|fs|gs):/, "mov $1$2:"],
  [/^mov (.*?)(?:BYTE|WORD|DWORD|QWORD) PTR (ds|fs|gs):/, "mov $1$2:"],
  [/^mov ([c-gs]s|\?),[re]?([a-ds][xpi]|r?\d+)[wd]?$/, "mov $1,$2"],
  [/^pushw /, "push "],
  [/\[riz\*\d\+(0x[0-9a-f]+)\]/, "ds:$1"],
  [/^xchg ax,ax$/, "nop"],
  [/\+0x0\]/, "]"],
  [/^(invlpg|lddqu) (.*?)\w+ PTR /, "$1 $2"],
  [/^(movmskp[sd]|pmovmskb|pextrw) r([a-z]\w),/, "$1 e$2,"],
  [/^(movmskp[sd]|pmovmskb|pextrw) (r\d+)d?,/, "$1 $2,"],
  [/^(fxsave|fxrstor)64/, "$1"],
  [/^(fcomp?) st,/, "$1 "],
  [/^rex(\.[WRXB]+)?$/, "fwait"],
  [/^movabs /, "mov "],
  [/^prefetch(wt1)?\b/, "prefetch"],
];

/** Comparisons and carry-less products with their immediate in the name. */
const predicates = "eq lt le unord neq nlt nle ord".split(" ");
const halves: Readonly<Record<string, string>> = { lqlq: "0x0", hqlq: "0x1", lqhq: "0x10", hqhq: "0x11" };

const letters: Readonly<Record<string, string>> = { BYTE: "b", WORD: "w", DWORD: "d", QWORD: "q" };

/** String instructions with their operands written out. */
const strings = /^(.*?)(movs|cmps|stos|lods|scas|ins|outs) .*?(BYTE|WORD|DWORD|QWORD) PTR .*$/;

/** What binutils have no name for, or another: hints, fences with a ModRM.rm that counts for nothing, x87 aliases. */
export const isUnknownToBinutils = (bytes: string): boolean =>
  /^(66)?(4[0-9a-f])?(0f(0d[c-f]|1[abc]|ae(e[9a-f]|f[1-79a-f]))|d9d[89a-f]|dbe[014]|dcd|ddc[89a-f]|ded[0-7]|df(c[89a-f]|d))/.test(
    bytes,
  );

/** Text of one instruction in a form that both sides can be brought to. */
export function likeBinutils(text: string): string {
  const absolute = /# (0x[0-9a-f]+)/.exec(text)?.[1];
  let plain = text
    .replace(/\s*[#<].*$/, "")
    .replace(/\brex(\.[WRXB]+)? /, "")
    .replace(/\s+/g, " ")
    .trim();
  if (absolute !== undefined)
    plain = plain.replace(/\[(rip|eip)[^\]]*\]/, `ds:${absolute}`).replace(/([fg]s:)ds:/, "$1");
  plain = plain.replace(
    strings,
    (_all, prefix: string, name: string, size: string) => `${prefix}${name}${letters[size] ?? ""}`,
  );
  plain = plain
    .replace(/^cmp(\w+?)([ps][sd]) (.*)$/, (all, name: string, suffix: string, rest: string) => {
      const n = predicates.indexOf(name);
      return n < 0 ? all : `cmp${suffix} ${rest},0x${n}`;
    })
    .replace(/^pclmul(\w{4})dq (.*)$/, (all, name: string, rest: string) => {
      const imm = halves[name];
      return imm === undefined ? all : `pclmulqdq ${rest},${imm}`;
    });
  // Only two bits of it count, and binutils print no others.
  plain = plain.replace(
    /^(pclmulqdq .*,)(0x[0-9a-f]+)$/,
    (_all, rest: string, imm: string) => `${rest}${Number(imm) & 0x11}`,
  );
  for (const [pattern, text] of replacements) plain = plain.replace(pattern, text);
  return plain;
}
