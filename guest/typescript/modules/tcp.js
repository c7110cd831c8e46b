// solo5:tcp of TypeScript unikernels: the library has it.
export const { connect, listen } = globalThis[Symbol.for("solo5.modules")].tcp;
