// solo5:http of TypeScript unikernels: the library has it.
export const { fetch, serve } = globalThis[Symbol.for("solo5.modules")].http;
