// Boots a machine under QEMU once, runs all commands in it, one after the other, and gives back what each said and
// returned.
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "../command.js";
import { freePort } from "../session.js";
import { cpio, type Entry } from "./cpio.js";
import type { Machine } from "./machines.js";
import { baseOf, kernelOf } from "./software.js";

export interface Command {
  /** Any text of one line, once a run. */
  readonly name: string;
  /** For the shell. */
  readonly line: string;
  readonly timeoutSecs?: number;
  /** What this machine does once the command has printed `when`. */
  readonly outside?: {
    readonly when: string;
    /** `port` of this machine's 127.0.0.1 is `forwardedPort` of the other's. */
    run(port: number): Promise<void>;
  };
}

/** Where a command listens for this machine. */
export const forwardedPort = 1234;

const bootSecs = 400;
const mark = "@@";
const beginOf = (i: number): string => `${mark} begin ${i} `;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const init = ({
  modules,
  setUp,
  finish = [". /run.sh", "poweroff -f"],
}: Machine): string => `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin NO_COLOR=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
${modules.map((name) => `insmod /modules/${name}.ko`).join("\n")}
ip link set lo up
${setUp.join("\n")}
${finish.join("\n")}
`;

const script = (commands: readonly Command[]): string =>
  commands
    .map(({ name, line, timeoutSecs = 30 }, i) => {
      const quoted = line.replaceAll("'", "'\\''");
      return `echo "${beginOf(i)}${name}"\ntimeout -s KILL ${timeoutSecs} sh -c '${quoted}' 2>&1\nrc=$?\necho\necho "${mark} end ${i} rc=$rc"\n`;
    })
    .join("");

/** Outcomes by the commands' names; a command that never ran has none. Both streams are in `stdout`. */
export async function runInRig(
  machine: Machine,
  files: readonly Entry[],
  commands: readonly Command[],
): Promise<ReadonlyMap<string, Outcome>> {
  const folder = mkdtempSync(join(tmpdir(), "solo5-rig-"));
  try {
    const initrd = join(folder, "initrd");
    const own: readonly Entry[] = [
      { path: "init", content: text(init(machine)) },
      { path: "run.sh", content: text(script(commands)) },
      ...["proc", "sys", "dev", "tmp"].map((path) => ({ path })),
    ];
    const out = openSync(initrd, "w");
    for (const part of cpio([...baseOf(machine), ...own, ...files])) writeSync(out, part);
    closeSync(out);
    const log = await boot(machine, initrd, commands);
    if (process.env["SOLO5_RIG_LOG"] !== undefined) process.stderr.write(log);
    return parse(log, commands);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The serial console's output until the machine powers off. */
async function boot(machine: Machine, initrd: string, commands: readonly Command[]): Promise<string> {
  const port = await freePort();
  const [qemu = "", ...cpu] = machine.qemu;
  const kernel = kernelOf(machine);
  const parameters = `console=${machine.console} quiet loglevel=1 mitigations=off panic=-1`;
  const boots = machine.boot?.(machine, kernel, parameters, initrd) ?? ["-kernel", kernel, "-initrd", initrd, "-append", parameters]; // prettier-ignore
  // With more than one CPU, nested SVM hangs now and then.
  const args = [...cpu, "-accel", "tcg,thread=multi", "-m", "1G", "-smp", "1", "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio", "-no-reboot", "-netdev", `user,id=outside,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:${forwardedPort}`, "-device", "virtio-net-pci,netdev=outside,romfile=", ...boots]; // prettier-ignore
  return new Promise((resolve, reject) => {
    const child = spawn(qemu, args, { stdio: ["ignore", "pipe", "inherit"], timeout: bootSecs * 1000, killSignal: "SIGKILL" }); // prettier-ignore
    let log = "";
    const waiting = new Set(commands.filter(({ outside }) => outside !== undefined));
    const running: Promise<void>[] = [];
    child.stdout.setEncoding("latin1").on("data", (data: string) => {
      log += data;
      for (const command of waiting) {
        const { outside } = command;
        const begin = log.indexOf(beginOf(commands.indexOf(command)));
        if (outside === undefined || begin < 0 || !log.includes(outside.when, begin)) continue;
        waiting.delete(command);
        running.push(outside.run(port));
      }
    });
    child.on("error", reject);
    child.on("close", () => {
      Promise.all(running).then(() => resolve(log.replaceAll("\r\n", "\n")), reject);
    });
  });
}

function parse(log: string, commands: readonly Command[]): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  commands.forEach(({ name }, i) => {
    const begin = log.indexOf(beginOf(i));
    const end = new RegExp(`^${mark} end ${i} rc=(\\d+)$`, "m").exec(log);
    if (begin < 0 || end === null) return;
    const stdout = log.slice(log.indexOf("\n", begin) + 1, end.index).replace(/\n$/, "");
    outcomes.set(name, { stdout, stderr: "", status: Number(end[1]) });
  });
  return outcomes;
}
