// The compiler's runtime, libgcc.a: the functions that compilers call on their own, each in a member of its own, so that
// a unikernel gets those it uses. From Zig's compiler_rt, and guest/runtime for what that lacks.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ehdr, machine as machines } from "../abi/elf.js";
import { viewOf } from "../bytes/struct.js";
import { symbols } from "../image/symbols.js";
import type { Compiler } from "./compiler.js";
import { changeElf } from "./objcopy/change.js";
import type { Changes } from "./objcopy/changes.js";

/** How Zig compiles its compiler_rt: freestanding, for any address, and only what does the work. */
export const zigRuntimeFlags: readonly string[] = [
  ..."-O ReleaseFast -fstrip -fPIC -fno-unwind-tables -ffunction-sections -fdata-sections".split(" "),
  ..."-fno-compiler-rt -fno-stack-check -fno-stack-protector".split(" "),
];

/** The same for C. */
export const runtimeFlags: readonly string[] =
  "-std=gnu99 -O2 -fPIC -fno-stack-protector -fno-asynchronous-unwind-tables -ffunction-sections".split(" ");

/** compiler_rt also has a part of the C library, which is the application's to bring, and the stack protector's ends. */
const isRuntime = (name: string): boolean =>
  name.startsWith("__") && !/_chk(?:_fail|_guard)?$|^__memset$/.test(name) && !isMath(name) && !isOwn(name);

/** What no compiler of C calls: integers of any width, by Zig's own names. */
const isOwn = (name: string): boolean =>
  /^__(?:u?(?:div|mod)ei4|fix(?:uns)?[a-z]fei|float(?:un)?ei[a-z]f|(?:addo|subo|cmp)_limb64)$/.test(name);

/** Arithmetic on x87's 80 bits, which other ISAs have no type for. */
const isX87 = (name: string): boolean => /xf|xc3$/.test(name);

/** Functions of math.h for half precision and x87's, by Zig's own names: `__sinh` is the sine. */
const isMath = (name: string): boolean =>
  /^__(?:ceil|cos|exp2?|fabs|floor|fma|fmax|fmin|fmod|log(?:2|10)?|round|sin|sincos|sqrt|tan|trunc)[hlxq]$/.test(
    name,
  );

/** What of `object` belongs into the archive, sorted. */
export function runtimeNames(object: Uint8Array): readonly string[] {
  const { shoff, shnum, machine } = ehdr.read(viewOf(object), 0);
  const found = symbols(object, { sections: { offset: Number(shoff), count: shnum } });
  const isOfIsa = (name: string): boolean => machine === machines["x86-64"] || !isX87(name);
  return [...new Set(found.map(({ name }) => name))]
    .filter((name) => isRuntime(name) && isOfIsa(name))
    .toSorted();
}

/** Makes an archive of `objects`: a member for each function, with what it needs. Members are made in `folder`. */
export async function splitArchive(
  archive: string,
  objects: readonly string[],
  { ld, ar }: Pick<Compiler, "ld" | "ar">,
  folder: string,
): Promise<void> {
  rmSync(archive, { force: true });
  mkdirSync(folder, { recursive: true });
  const members: string[] = [];
  for (const name of objects.flatMap((object) => runtimeNames(readFileSync(object)))) {
    const member = join(folder, `${name}.o`);
    await run([...ld, "-r", "--gc-sections", "-u", name, ...objects, "-o", member]);
    // What else is in it serves this function only; to everyone else it is the application's to bring.
    writeFileSync(member, changeElf(readFileSync(member), changes(name)));
    members.push(member);
  }
  await run([...ar, "rcs", archive, ...members]);
}

/** Of what is not needed to link a member, nothing stays: there are some 800. */
const changes = (name: string): Changes => ({
  localize: (symbol) => symbol !== name,
  unneeded: true,
  remove: (section) => section === ".comment",
  // A member has one function: `.text..Lcompiler_rt.addtf3.__addtf3` says no more than `.text`.
  sectionName: (section) => section.replace(/^((?:\.rela)?\.(?:text|rodata|data|bss))\.\..*/, "$1"),
});

const run = async ([program = "", ...args]: readonly string[]): Promise<unknown> =>
  promisify(execFile)(program, args);
