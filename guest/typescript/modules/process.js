// solo5:process of TypeScript unikernels: the library has it.
export const { args, exit } = globalThis[Symbol.for("solo5.modules")].process;
