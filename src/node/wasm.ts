// Runs a plan on the engine that works everywhere, inside this process.
import { constants } from "node:os";
import type { Isa } from "../abi/elf.js";
import { portableEngines } from "../engine/engines.js";
import { openNet, type Cleanup } from "../linux/net/open.js";
import type { Host } from "../target/contract.js";
import { targets } from "../target/registry.js";
import type { Plan } from "../tender/attach.js";
import { runGuest, type Ended, type NextTurn } from "../tender/run.js";
import { openBlockFile } from "./block-file.js";
import { hostClock } from "./clock.js";
import { stdoutConsole } from "./console.js";
import type { Engine } from "./engine.js";

const nextTurn: NextTurn = () => new Promise((resolve) => void setImmediate(resolve));
const random = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
/** A locally administered address of no group: IEEE 802, 8.2.2. */
function randomMac(): Uint8Array {
  const mac = crypto.getRandomValues(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0xfe) | 2;
  return mac;
}

const supported = (isa: Isa): string =>
  `there is no engine for ${isa} yet, only for ${Object.keys(portableEngines).join(", ")}`;

export const wasm: Engine = {
  obstacle({ unikernel: { target, isa } }) {
    if (portableEngines[isa] === undefined) return supported(isa);
    if (targets[target] === undefined)
      return `there is no ${target} target yet, only ${Object.keys(targets).join(", ")}`;
    return undefined;
  },

  start(plan, { reporter, console = stdoutConsole }) {
    const engine = portableEngines[plan.unikernel.isa];
    const target = targets[plan.unikernel.target];
    if (engine === undefined || target === undefined)
      throw new RangeError("the engine was started in spite of an obstacle");
    const cleanup: Cleanup = [];
    const release = (): void => {
      for (const undo of cleanup.splice(0)) undo();
    };
    try {
      const guest = {
        ...plan,
        devices: plan.devices.map((device) =>
          device.type === "NET_BASIC" ? { ...device, mac: device.mac ?? randomMac() } : device,
        ),
      };
      const host: Host = { ...openDevices(plan, cleanup), console, clock: hostClock, random };
      const { ended, stop } = runGuest(guest, target, engine, host, nextTurn);
      const say = (message: string): void => void process.stderr.write(`${reporter}: ${message}\n`);
      return {
        status: ended
          .then(({ status, message }) => {
            if (message !== undefined) say(message);
            return status;
          })
          .finally(release),
        signal: (signal) => stop(signalled(plan, constants.signals[signal])),
        stop: () => stop({ status: 137 }),
      };
    } catch (error) {
      release();
      throw error;
    }
  },
};

/** hvt's tender takes the signal and says so; an spt unikernel is the process that dies of it. ABI.md 6.6. */
const signalled = ({ unikernel }: Plan, signal: number): Ended =>
  unikernel.target === "spt"
    ? { status: 128 + signal }
    : { status: 1, message: `Exiting on signal ${signal}` };

function openDevices(plan: Plan, cleanup: Cleanup): Pick<Host, "nets" | "blocks"> {
  const nets = new Map();
  const blocks = new Map();
  for (const device of plan.devices) {
    if (device.type === "NET_BASIC") {
      nets.set(device.handle, openNet(device, hostClock, cleanup));
    } else if (device.source.kind === "device") {
      blocks.set(device.handle, device.source.device);
    } else {
      const block = openBlockFile(device.source.path, device.capacity, device.blockSize);
      cleanup.push(() => block.close());
      blocks.set(device.handle, block);
    }
  }
  return { nets, blocks };
}
