// solo5:udp of TypeScript unikernels: the library has it.
export const { bind } = globalThis[Symbol.for("solo5.modules")].udp;
