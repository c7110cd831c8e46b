// The command line of solo5-virtio-run, as the reference has it; what follows the unikernel is the unikernel's.
import { Solo5Error } from "../bytes/error.js";
import type { Option } from "../tender/option.js";
import type { VirtioDisk, VirtioNic } from "./machine.js";
import { hypervisors, letterUsage, virtioRunOptions, type Hypervisor } from "./options.js";

export interface VirtioRunOptions {
  readonly hypervisor: Hypervisor | "best";
  readonly memory: string;
  readonly devices: readonly (VirtioDisk | VirtioNic)[];
  readonly quiet: boolean;
  readonly kernel: string;
  readonly args: readonly string[];
}

export const runUsage = `usage: solo5-virtio-run [ OPTIONS ] UNIKERNEL [ -- ] [ ARGUMENTS ... ]

Starts the UNIKERNEL (virtio target) on a hypervisor of this host. What it prints goes to stdout.

Options:
${letterUsage(virtioRunOptions)}
Devices are attached in the order given, which must be the manifest's.
`;

const invalid = (why: string): Solo5Error => new Solo5Error("USAGE", `error: ${why}`);

/** Options that take a value, joined or as the next argument. */
const hasValue = (letter: string): boolean =>
  Object.hasOwn(virtioRunOptions, letter) &&
  (virtioRunOptions as Readonly<Record<string, Option>>)[letter]?.value !== undefined;

/** Throws Solo5Error `USAGE`. */
export function parseVirtioRun(given: readonly string[]): VirtioRunOptions {
  const rest = [...given];
  const devices: (VirtioDisk | VirtioNic)[] = [];
  let memory = "128";
  let hypervisor: VirtioRunOptions["hypervisor"] = "best";
  let quiet = false;
  let ended = false;

  const option = (name: string, value: string): void => {
    if (name === "q") quiet = true;
    else if (name === "m") memory = checkMemory(value);
    else if (name === "d") devices.push({ kind: "block", path: value });
    else if (name === "n") devices.push(netDevice(value));
    else hypervisor = checkHypervisor(value);
  };
  while (rest[0] !== undefined && /^-./.test(rest[0])) {
    let cluster = rest.shift() ?? "";
    if (cluster === "--") {
      ended = true;
      break;
    }
    for (cluster = cluster.slice(1); cluster !== ""; cluster = cluster.slice(1)) {
      const name = cluster.charAt(0);
      if (name === "q") option(name, "");
      else if (hasValue(name)) {
        const value = cluster.length > 1 ? cluster.slice(1) : rest.shift();
        if (value === undefined) throw invalid(`option requires an argument: -${name}`);
        option(name, value);
        break;
      } else throw invalid(`unknown option: -${name}`);
    }
  }
  const kernel = rest.shift();
  if (kernel === undefined) throw new Solo5Error("USAGE", "");
  if (!ended && rest[0] === "--") rest.shift();
  return { hypervisor, memory, devices, quiet, kernel, args: rest };
}

function checkMemory(value: string): string {
  if (!/^[1-9]\d*[kKmMgG]?$/.test(value)) throw invalid(`malformed memory size: ${value}`);
  return value;
}

function checkHypervisor(value: string): VirtioRunOptions["hypervisor"] {
  const known = (["best", ...hypervisors] as const).find((name) => name === value);
  if (known === undefined) throw invalid(`unknown hypervisor: ${value}`);
  return known;
}

function netDevice(value: string): VirtioNic {
  const [, name = value, digits] = /^(.+):(.*)$/.exec(value) ?? [];
  if (digits === undefined) return { kind: "net", interface: name };
  const mtu = Number(digits);
  // The smallest that IPv4 and QEMU allow, and the largest of a 16-bit field.
  if (!/^\d+$/.test(digits) || mtu < 68 || mtu > 65535) throw invalid(`malformed MTU: ${value}`);
  return { kind: "net", interface: name, mtu };
}
