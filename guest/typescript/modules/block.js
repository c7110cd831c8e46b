// solo5:block of TypeScript unikernels: the library has it.
export const { open } = globalThis[Symbol.for("solo5.modules")].block;
