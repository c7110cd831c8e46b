// Encodes whole modules for tests of WebAssembly to C: core specification 2.0, 5.5.
import { op, type, type ValueType } from "../../src/wasm/opcodes.js";
import { ByteWriter } from "../../src/wasm/writer.js";

export type NumberType = Exclude<ValueType, "v128">;

export interface Signature {
  readonly params: readonly NumberType[];
  readonly results: readonly NumberType[];
}

export interface TestModule {
  readonly functions: readonly (Signature & {
    readonly locals: readonly NumberType[];
    /** Without the last `end`. */
    readonly code: Uint8Array;
    readonly exported?: string;
  })[];
  /** Types beyond those of the functions, of which each has its own, by index. */
  readonly types?: readonly Signature[];
  readonly pages?: { readonly min: number; readonly max: number };
  /** Mutable, exported as `g0`…, zero at first. */
  readonly globals?: readonly NumberType[];
  /** Function indices in table 0; null elements behind them up to `tableSize`. */
  readonly table?: readonly number[];
  readonly tableSize?: number;
  readonly data?: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

export function encode(module: TestModule): Uint8Array {
  const out = new ByteWriter(4096);
  out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const body = new ByteWriter(4096);
  const section = (id: number, write: () => void) => {
    body.reset();
    write();
    out.byte(id);
    out.u32(body.length);
    out.append(body.view());
  };
  const { functions, types = [], pages, globals = [], table = [], tableSize = 0, data = [] } = module;
  const constant = (value: number) => {
    body.byte(op["i32.const"]);
    body.s32(value);
    body.byte(op.end);
  };
  section(1, () =>
    body.vector([...functions, ...types], ({ params, results }) => {
      body.byte(0x60);
      body.vector(params, (name) => body.byte(type[name]));
      body.vector(results, (name) => body.byte(type[name]));
    }),
  );
  section(3, () => body.vector([...functions.keys()], (index) => body.u32(index)));
  if (tableSize > 0) section(4, () => body.append(Uint8Array.of(1, 0x70, 0, tableSize)));
  if (pages !== undefined) section(5, () => body.append(Uint8Array.of(1, 1, pages.min, pages.max)));
  section(6, () =>
    body.vector(globals, (name) => {
      body.byte(type[name]);
      body.byte(1);
      body.byte(op[`${name}.const`]);
      if (name === "f32") body.f32(0);
      else if (name === "f64") body.f64(0);
      else body.byte(0);
      body.byte(op.end);
    }),
  );
  const exports: { readonly name: string; readonly kind: number; readonly index: number }[] = [
    ...functions.flatMap(({ exported }, index) =>
      exported === undefined ? [] : [{ name: exported, kind: 0, index }],
    ),
    ...globals.map((_, index) => ({ name: `g${index}`, kind: 3, index })),
    ...(pages === undefined ? [] : [{ name: "memory", kind: 2, index: 0 }]),
  ];
  section(7, () =>
    body.vector(exports, ({ name, kind, index }) => {
      body.name(name);
      body.byte(kind);
      body.u32(index);
    }),
  );
  if (table.length > 0) {
    section(9, () => {
      body.byte(1);
      body.byte(0);
      constant(0);
      body.vector(table, (index) => body.u32(index));
    });
  }
  if (data.length > 0) {
    section(12, () => body.u32(data.length));
  }
  section(10, () =>
    body.vector(functions, ({ locals, code }) => {
      const one = new ByteWriter(code.length + 16);
      one.vector(locals, (name) => {
        one.u32(1);
        one.byte(type[name]);
      });
      one.append(code);
      one.byte(op.end);
      body.u32(one.length);
      body.append(one.view());
    }),
  );
  if (data.length > 0) {
    section(11, () =>
      body.vector(data, ({ at, bytes }) => {
        body.byte(0);
        constant(at);
        body.u32(bytes.length);
        body.append(bytes);
      }),
    );
  }
  return out.take();
}
