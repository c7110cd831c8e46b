// solo5:dns of TypeScript unikernels: the library has it.
export const { resolve } = globalThis[Symbol.for("solo5.modules")].dns;
