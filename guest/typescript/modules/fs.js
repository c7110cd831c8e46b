// solo5:fs of TypeScript unikernels: the library has it.
export const { exists, mount, readDir, readFile, readTextFile } = globalThis[Symbol.for("solo5.modules")].fs;
