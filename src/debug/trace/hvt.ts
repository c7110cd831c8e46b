// hvt's hypercalls for a trace: names, fields and what comes back are those of src/abi/hvt.ts.
import { hypercalls, ringKickMmio, ringKickPort, type HypercallName } from "../../abi/hvt.js";
import { viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import type { Exit } from "../../engine/contract.js";
import { hypercallOf } from "../hypercall.js";
import type { TracedCall, Describer } from "./trace.js";
import { quoted, resultName, seconds } from "./values.js";

type Value = number | bigint;
type Fields = Readonly<Record<string, Value>>;
interface Row {
  readonly results: readonly string[];
  readonly filledBy?: "guest" | "host";
}

const isKick = (exit: Exit): boolean =>
  (exit.kind === "out" && exit.port === ringKickPort) ||
  (exit.kind === "store" && exit.address === BigInt(ringKickMmio));

export const describeHypercalls: Describer = ({ devices }, { memory }) => {
  const namesOf = (isNamed: (handle: number) => boolean): string =>
    devices
      .filter(({ handle }) => isNamed(handle))
      .map(({ name }) => name)
      .join(" ");
  /** Fields that mean more than a number. */
  const meanings: Readonly<Record<string, (value: Value) => string>> = {
    handle: (value) => namesOf((handle) => BigInt(handle) === BigInt(value)) || `#${value}`,
    readySet: (value) => `{${namesOf((handle) => ((BigInt(value) >> BigInt(handle)) & 1n) !== 0n)}}`,
    timeoutNsecs: (value) => `${seconds(BigInt(value))} s`,
    data: hex,
    cookie: hex,
    ret: (value) => resultName(Number(value)),
  };
  const show = (name: string, value: Value = 0): string => meanings[name]?.(value) ?? String(value);
  const contents = ({ data = 0, len = 0 }: Fields): string => {
    const bytes = memory.bytes(data, len);
    return bytes === undefined ? hex(data) : quoted(bytes);
  };
  const read = (name: HypercallName, gpa: number): Fields | undefined => {
    const { args } = hypercalls[name];
    const data = memory.bytes(gpa, args.size);
    return data === undefined ? undefined : (args.read(viewOf(data), 0) as Fields);
  };

  return (exit): TracedCall | undefined => {
    if (isKick(exit)) return { text: "ring kick", result: () => undefined };
    const call = hypercallOf(exit);
    if (call === undefined) return undefined;
    const { name, gpa } = call;
    const { results, filledBy }: Row = hypercalls[name];
    const before = read(name, gpa);
    if (before === undefined) return { text: `${name}(${hex(gpa)})`, result: () => undefined };
    const given = Object.entries(before)
      .filter(([field]) => !results.includes(field) || field === "len")
      .map(([field, value]) =>
        field === "data" && filledBy === "guest" ? contents(before) : show(field, value),
      );
    return {
      text: `${name}(${given.join(", ")})`,
      result() {
        const after = read(name, gpa) ?? {};
        const isFetched = filledBy === "host" && after["ret"] === 0;
        const parts = results.map((field) => show(field, after[field]));
        return [...(isFetched ? [contents(after)] : []), ...parts].join(", ") || undefined;
      },
    };
  };
};
