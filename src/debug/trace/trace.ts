// Prints what a guest asks of its host as it happens, in the manner of strace: an observer of the run loop.
import type { Exit, Vcpu } from "../../engine/contract.js";
import type { Clock } from "../../device/contract.js";
import type { Guest, Operation, OperationValue } from "../../targets/contract.js";
import type { Observer } from "../../tender/instrument.js";
import { quoted, seconds } from "./values.js";

/** A call of the guest's, described before it is answered. */
export interface TracedCall {
  /** `name(arguments)`. */
  readonly text: string;
  /** Read once the call is answered; undefined where nothing comes back. */
  result(): string | undefined;
}

/** What a target's exits ask for; undefined for what is no call. */
type Describe = (exit: Exit) => TracedCall | undefined;
export type Describer = (guest: Pick<Guest, "devices">, vcpu: Pick<Vcpu, "memory" | "registers">) => Describe;

const shown = (value: OperationValue): string =>
  value instanceof Uint8Array ? quoted(value) : String(value);

/** `print` gets a line at a time, without its end. The clock is the tender's own: the guest's may be recorded. */
export function trace(
  describer: Describer,
  guest: Pick<Guest, "devices">,
  clock: Clock,
  print: (line: string) => void,
): Observer {
  const start = clock.monotonic();
  const now = (): bigint => clock.monotonic();
  const operation = ({ device, name, args, results }: Operation): void => {
    const list = (values: readonly OperationValue[]): string => values.map(shown).join(", ");
    const text = `${name}(${list([device, ...args])})`;
    print(
      `${seconds(now() - start).padStart(12)} ${text}${results.length === 0 ? "" : ` = ${list(results)}`}`,
    );
  };
  return {
    host: (host) => ({
      ...host,
      deviceTrace(one) {
        host.deviceTrace?.(one);
        operation(one);
      },
    }),
    session(session, { vcpu }) {
      const describe = describer(guest, vcpu);
      let pending: { readonly call: TracedCall; readonly since: bigint } | undefined;
      const line = ({ text, result }: TracedCall, since: bigint, waited = ""): void => {
        const value = result();
        print(
          `${seconds(since - start).padStart(12)} ${text}${value === undefined ? "" : ` = ${value}`}${waited}`,
        );
      };
      return {
        get state() {
          return session.state;
        },
        answer(exit) {
          const since = now();
          const call = describe(exit);
          const verdict = session.answer(exit);
          if (exit.kind === "fault")
            print(`${seconds(since - start).padStart(12)} --- ${exit.fault.reason} ---`);
          if (call === undefined) return verdict;
          if (session.state.kind === "waiting") pending = { call, since };
          else if (session.state.kind === "ended") line({ ...call, result: () => undefined }, since);
          else line(call, since);
          return verdict;
        },
        wake() {
          session.wake();
          if (pending !== undefined)
            line(pending.call, pending.since, ` <${seconds(now() - pending.since)}>`);
          pending = undefined;
        },
      };
    },
  };
}
