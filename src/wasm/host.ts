// The host's WebAssembly, typed: as much of the JavaScript interface as the engine uses. TypeScript declares it only
// together with a page's globals, which portable code must not name. WebAssembly JavaScript interface 5.

export interface WasmModule {
  readonly [Symbol.toStringTag]?: string;
}
interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}
export interface WasmMemory {
  /** Replaced when the memory grows. */
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB; returns how many there were. */
  grow(pages: number): number;
}
export interface WasmTable {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, value: unknown): void;
  grow(elements: number): number;
}
export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface Interface {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (module: WasmModule, imports?: WasmImports) => WasmInstance;
  readonly Memory: new (limits: { initial: number; maximum?: number }) => WasmMemory;
  readonly Table: new (limits: { initial: number; element: "anyfunc" }) => WasmTable;
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  instantiate(module: WasmModule, imports?: WasmImports): Promise<WasmInstance>;
}

export const webAssembly: Interface = (globalThis as unknown as { WebAssembly: Interface }).WebAssembly;
