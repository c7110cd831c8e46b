// Binary layouts declared once: a struct is a record of fields with C's natural alignment, and gives the reader,
// the writer, the offsets and the TypeScript type. Little endian throughout, as every Solo5 layout is.

/** How a value of type T lies in memory. Sizes, alignments and offsets in bytes. */
export interface Field<T> {
  readonly size: number;
  readonly align: number;
  read(view: DataView, offset: number): T;
  write(view: DataView, offset: number, value: T): void;
}

/** The value that a field holds. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;
type Fields = Readonly<Record<string, Field<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** A field made of named fields; `offsets` says where each lies. */
export interface Struct<F extends Fields> extends Field<Values<F>> {
  readonly fields: F;
  readonly offsets: { readonly [K in keyof F]: number };
  /** Writes the fields that `value` has and leaves the others as they are. */
  update(view: DataView, offset: number, value: Partial<Values<F>>): void;
}

type Accessor<T> = readonly [
  read: (view: DataView, at: number) => T,
  write: (view: DataView, at: number, value: T) => void,
];
const scalar = <T>(size: number, [read, write]: Accessor<T>): Field<T> => ({
  size,
  align: size,
  read,
  write,
});

export const u8 = scalar<number>(1, [(view, at) => view.getUint8(at), (view, at, x) => view.setUint8(at, x)]);
export const i8 = scalar<number>(1, [(view, at) => view.getInt8(at), (view, at, x) => view.setInt8(at, x)]);
export const u16 = scalar<number>(2, [
  (view, at) => view.getUint16(at, true),
  (view, at, x) => view.setUint16(at, x, true),
]);
export const i16 = scalar<number>(2, [
  (view, at) => view.getInt16(at, true),
  (view, at, x) => view.setInt16(at, x, true),
]);
export const u32 = scalar<number>(4, [
  (view, at) => view.getUint32(at, true),
  (view, at, x) => view.setUint32(at, x, true),
]);
export const i32 = scalar<number>(4, [
  (view, at) => view.getInt32(at, true),
  (view, at, x) => view.setInt32(at, x, true),
]);
export const u64 = scalar<bigint>(8, [
  (view, at) => view.getBigUint64(at, true),
  (view, at, x) => view.setBigUint64(at, x, true),
]);
export const i64 = scalar<bigint>(8, [
  (view, at) => view.getBigInt64(at, true),
  (view, at, x) => view.setBigInt64(at, x, true),
]);

/** The part of a view that a field of bytes is; out of the view is a RangeError, as it is for numbers. */
function part(view: DataView, at: number, size: number): Uint8Array {
  if (at < 0 || at + size > view.byteLength)
    throw new RangeError(`${size} bytes at ${at} lie outside the view`);
  return new Uint8Array(view.buffer, view.byteOffset + at, size);
}

/** `size` bytes as they are; reading copies, writing takes at most `size` and fills with zeros. */
export const bytes = (size: number): Field<Uint8Array> => ({
  size,
  align: 1,
  read: (view, at) => part(view, at, size).slice(),
  write(view, at, value) {
    const target = part(view, at, size);
    target.fill(0);
    target.set(value.subarray(0, size));
  },
});

/** `count` values of `field`, one after the other. */
export const array = <T>(field: Field<T>, count: number): Field<readonly T[]> => ({
  size: field.size * count,
  align: field.align,
  read: (view, at) => Array.from({ length: count }, (_, i) => field.read(view, at + i * field.size)),
  write: (view, at, values) => values.forEach((value, i) => field.write(view, at + i * field.size, value)),
});

/** `field` where the layout has no padding in front of it: an alignment of 1. */
export const packed = <T>(field: Field<T>): Field<T> => ({ ...field, align: 1 });

/**
 * A struct of `size` bytes with C's natural alignment. The size is the one that the specification states: a field
 * that is wrong or missing fails here, when the module loads.
 */
export function struct<const F extends Fields>(size: number, fields: F): Struct<F> {
  const offsets: Record<string, number> = {};
  let end = 0;
  let align = 1;
  for (const [name, field] of Object.entries(fields)) {
    end = Math.ceil(end / field.align) * field.align;
    offsets[name] = end;
    end += field.size;
    align = Math.max(align, field.align);
  }
  end = Math.ceil(end / align) * align;
  if (end !== size) throw new RangeError(`struct of ${size} bytes has fields of ${end}`);
  const entries = Object.entries(fields).map(([name, field]) => [name, field, offsets[name] ?? 0] as const);
  return {
    size,
    align,
    fields,
    offsets: offsets as Struct<F>["offsets"],
    read(view, at) {
      // Not Object.fromEntries: hypercalls read their arguments here, a million times a second.
      const value: Record<string, unknown> = {};
      for (const [name, field, offset] of entries) value[name] = field.read(view, at + offset);
      return value as Values<F>;
    },
    update(view, at, value) {
      for (const [name, field, offset] of entries) {
        if (name in value) field.write(view, at + offset, value[name]);
      }
    },
    write(view, at, value) {
      for (const [name, field, offset] of entries) field.write(view, at + offset, value[name]);
    },
  };
}

/** A view of the whole of `data`, for `Field.read` and `Field.write`. */
export const viewOf = (data: Uint8Array): DataView =>
  new DataView(data.buffer, data.byteOffset, data.byteLength);

/** The bytes of `value` as `field` lays them out. */
export function encode<T>(field: Field<T>, value: T): Uint8Array {
  const data = new Uint8Array(field.size);
  field.write(viewOf(data), 0, value);
  return data;
}

/** A layout of whatever fields, for who passes it on. */
// oxlint-disable-next-line typescript/no-explicit-any -- any fields: their values are not looked at
export type AnyStruct = Struct<any>;
