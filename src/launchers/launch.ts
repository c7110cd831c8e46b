// Runs a machine on a hypervisor: the commands one after the other, their output as it comes, their status as ours.
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { signalStatus } from "../abi/signals.js";
import type { Started } from "../tender/running.js";
import { isMissing } from "../host/any/program.js";
import { Solo5Error } from "../bytes/error.js";
import { bhyveCommands } from "./bhyve.js";
import type { VirtioMachine } from "./machine.js";
import { doublesCommas, kernelDescriptor, needsDescriptor, qemuCommand } from "./qemu.js";
import type { Hypervisor } from "./options.js";
import { shellLine } from "./shell.js";

type Launched = Pick<Started, "exited" | "signal">;

/** Each command is given to `show` before it runs. Throws Solo5Error `HYPERVISOR`, `BHYVE`. */
export function launch(
  machine: VirtioMachine,
  hypervisor: Hypervisor,
  show: (line: string) => void,
): Launched {
  return hypervisor === "bhyve"
    ? launchBhyve(machine, show)
    : launchQemu(machine, hypervisor === "kvm", show);
}

function launchQemu(machine: VirtioMachine, kvm: boolean, show: (line: string) => void): Launched {
  const hasCommas = [...machine.args, machine.kernel].some((text) => text.includes(","));
  const commasAreDoubled = hasCommas && doublesCommas(output(["qemu-system-x86_64", "--version"]));
  const command = qemuCommand(machine, { kvm, commasAreDoubled });
  if (!needsDescriptor(machine)) {
    show(shellLine(command));
    return started(start(command, "inherit"));
  }
  show(`${shellLine(command)} ${kernelDescriptor}<${shellLine([machine.kernel])}`);
  const kernel = openSync(machine.kernel, "r");
  const child = start(command, ["inherit", "inherit", "inherit", kernel]);
  closeSync(kernel);
  return started(child);
}

/** The serial port is a pair of null modems: what the guest writes at one end is copied from the other. */
function launchBhyve(machine: VirtioMachine, show: (line: string) => void): Launched {
  const commands = bhyveCommands(machine, process.pid);
  show(`printf ${shellLine(["%s", commands.script])} | ${shellLine(commands.load)}`);
  const loaded = spawnSync(commands.load[0] ?? "", commands.load.slice(1), {
    input: commands.script,
    stdio: ["pipe", "ignore", "inherit"],
  });
  if (loaded.error !== undefined) throw missing(commands.load[0] ?? "", loaded.error);
  if (loaded.status !== 0) throw new Solo5Error("HYPERVISOR", "error: could not initialise VM");
  const console = start(commands.console, ["ignore", "inherit", "inherit"]);
  for (const command of commands.terminal) output(command);
  show(shellLine(commands.run));
  const { exited, signal } = started(start(commands.run, "inherit"));
  return {
    signal,
    exited: exited.finally(() => {
      console.kill();
      spawnSync(commands.destroy[0] ?? "", commands.destroy.slice(1), { stdio: "ignore" });
    }),
  };
}

const missing = (program: string, cause: NodeJS.ErrnoException): Solo5Error =>
  isMissing(program, cause)
    ? new Solo5Error("HYPERVISOR", `error: ${program} is not installed, or not in PATH`, { cause })
    : new Solo5Error("HYPERVISOR", `error: ${program}: ${cause.message}`, { cause });

function output([program = "", ...args]: readonly string[]): string {
  const { stdout, error } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (error !== undefined) throw missing(program, error);
  return stdout;
}

const start = ([program = "", ...args]: readonly string[], stdio: StdioOptions): ChildProcess =>
  spawn(program, args, { stdio });

const started = (child: ChildProcess): Launched => ({
  exited: new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(missing(child.spawnfile, cause)));
    child.on("close", (code, signal) =>
      resolve({ status: code ?? signalStatus(signal === null ? 0 : constants.signals[signal]) }),
    );
  }),
  signal: (signal) => void child.kill(signal),
});
