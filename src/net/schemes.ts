// The kinds of networks that a command line can name, in the order in which they are asked: whatever no other knows is a tap's
// name. A new kind is a row here, and one in each host's tables of how it is opened.
import { segmentScheme } from "./segments.js";
import { userScheme } from "./user/options.js";
import type { NetScheme } from "./scheme.js";
import type { DescriptorSource, DeviceSource, NetKind, NetSource, SourceOf, TapSource } from "./source.js";

const descriptor: NetScheme<DescriptorSource> = {
  form: "@FD",
  help: ["the descriptor FD, which the process inherits: a tap, or a socket that keeps frames whole"],
  parse: (value) => (/^@\d+$/.test(value) ? { kind: "descriptor", fd: Number(value.slice(1)) } : undefined),
  format: ({ fd }) => `@${fd}`,
};

/** No interface has a colon in its name: the long form is for those that are called as another scheme is. */
const tapPrefix = "tap:";
const tap: NetScheme<TapSource> = {
  form: "[tap:]IFACE",
  help: ["the tap interface IFACE, which exists and is up"],
  parse: (value) => ({
    kind: "tap",
    interface: value.startsWith(tapPrefix) ? value.slice(tapPrefix.length) : value,
  }),
  format: ({ interface: name }) => name,
};

const schemes: { readonly [K in Exclude<NetKind, DeviceSource["kind"]>]: NetScheme<SourceOf<K>> } = {
  descriptor,
  segment: segmentScheme,
  user: userScheme,
  tap,
};

/** The source that a command line's `value` names. Throws Solo5Error. */
export function parseNet(value: string): NetSource {
  for (const scheme of Object.values(schemes)) {
    const source = scheme.parse(value);
    if (source !== undefined) return source;
  }
  throw new RangeError("there is a scheme that takes everything");
}

/** `source` as a command line would have it; an object has no such form. */
export const formatNet = (source: NetSource): string =>
  source.kind === "device" ? "(an object)" : (schemes[source.kind] as NetScheme<NetSource>).format(source);

/** What a unikernel on `source` is to be told on its command line; undefined where nothing is known. */
export const netOptions = (source: NetSource): string | undefined =>
  source.kind === "device"
    ? undefined
    : (schemes[source.kind] as NetScheme<NetSource>).guestOptions?.(source);

/** What a command line may name: a row a kind, with lines about it. */
export const netForms: readonly (readonly [form: string, help: readonly string[]])[] = Object.values(
  schemes,
).map(({ form, help }) => [form, help]);
