// Whether a unikernel and the machine that it is to be given fit: the unikernel would notice as well, but late, and a
// hypervisor's status does not tell.
import { Solo5Error } from "../bytes/error.js";
import { readElf } from "../image/elf.js";
import type { Device } from "../image/manifest.js";
import { readDevices } from "../image/unikernel.js";
import { readFile } from "../host/any/files.js";
import { readKernel } from "./kernel.js";
import type { VirtioMachine } from "./machine.js";

const kinds = { BLOCK_BASIC: "block", NET_BASIC: "net" } as const satisfies Record<Device["type"], string>;
const options = { block: "-d", net: "-n" } as const;
const megabyte = 2 ** 20;
const units: Readonly<Record<string, number>> = { k: 2 ** 10, m: megabyte, g: 2 ** 30 };

/** Throws Solo5Error `FIT`, and as `readKernel` does. */
export function checkFit({ kernel, memory, devices }: VirtioMachine): void {
  const fail = (why: string): Solo5Error => new Solo5Error("FIT", `error: ${kernel}: ${why}`);
  const { bssEnd } = readKernel(kernel);
  if (bssEnd > Number.parseInt(memory, 10) * (units[memory.slice(-1).toLowerCase()] ?? megabyte))
    throw fail(`needs more memory than ${memory}, see -m`);
  const declared = declaredDevices(kernel);
  if (declared === undefined) return;
  for (const [i, { name, type }] of declared.entries()) {
    const option = options[kinds[type]];
    const given = devices[i];
    if (given === undefined)
      throw fail(`Device '${name}' of type ${type} declared but not attached, see ${option}`);
    if (given.kind !== kinds[type])
      throw fail(
        `device ${i + 1} of the manifest is '${name}' of type ${type}: attach it by ${option}, in its place`,
      );
  }
  if (devices.length > declared.length)
    throw fail(`more devices (${devices.length}) than its manifest declares (${declared.length})`);
}

/** Undefined where the file is of another kind, whose loader knows more than we do. */
function declaredDevices(path: string): readonly Device[] | undefined {
  try {
    return readDevices(readElf(readFile(path), path), path);
  } catch {
    return undefined;
  }
}
