// Runs a plan as a sealed child process of this one: for unikernels whose devices live here (a segment, a capture),
// and for programs that go on while their unikernel runs.
import { signalStatus } from "../../abi/signals.js";
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { createCleanup, type Cleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { encodeText } from "../../bytes/text.js";
import type { Clock, Console } from "../../device/contract.js";
import type { NetOpeners } from "../../net/opener.js";
import type { Plan } from "../../tender/attach.js";
import { systemErrorMessage } from "../any/system-error.js";
import { memoryExecutable } from "./exec.js";
import { ignoredSignals } from "./ignored-signals.js";
import { hasLibc } from "../posix/libc.js";
import { inheritedDescriptors, isHosted } from "../../sealed/kernel-nets.js";
import { openCaptured, type OpenContext } from "../any/net/open.js";
import { relay } from "../posix/net/relay.js";
import { seal } from "../../sealed/seal.js";

/** A unikernel that runs as a process. */
interface NativeRun {
  readonly pid: number;
  /** The unikernel's exit status, or 128 and the number of the signal that ended it. */
  readonly status: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

interface NativeOptions {
  /** What the process is called. */
  readonly name: string;
  /** What messages begin with. */
  readonly reporter: string;
  /** Takes the output. By default this process's stdout. */
  readonly console?: Console | undefined;
  readonly clock: Clock;
  /** How this host opens networks. */
  readonly openers: NetOpeners;
}

/** Descriptors 0 to 2 are the standard ones; what the unikernel inherits follows. */
const firstInherited = 3;

/** Starts `plan`. Throws Solo5Error where it cannot start; nothing stays open then. */
export function runNative(plan: Plan, { name, reporter, console, clock, openers }: NativeOptions): NativeRun {
  const cleanup = createCleanup();
  try {
    const stdio: StdioOptions = ["inherit", console === undefined ? "inherit" : "pipe", "inherit"];
    let child: ChildProcess | undefined;
    let failure: string | undefined;
    const context: OpenContext = {
      clock,
      say: (line) => void process.stderr.write(encodeText(`${reporter}: ${line}\n`)),
      failed(message) {
        failure ??= message;
        child?.kill("SIGKILL");
      },
    };
    const hosted = hostDevices(plan, stdio, { ...context, openers }, cleanup);
    const path = executable(name, cleanup, (unlink) =>
      seal(hosted, {
        prefix: `${reporter}: `,
        processName: name,
        unlink,
        ignoredSignals: ignoredSignals(),
        dependent: true,
      }),
    );
    const started = spawn(path, { argv0: name, env: {}, stdio });
    child = started;
    const ended = new Promise<number>((resolve, reject) => {
      started.stdout?.on("data", (data: Uint8Array) => {
        try {
          console?.write(data);
        } catch (error) {
          reject(error as Error);
          started.kill("SIGKILL");
        }
      });
      started.on("error", (cause) =>
        reject(new Solo5Error("EXEC", `${name}: ${systemErrorMessage(cause)}`, { cause })),
      );
      started.on("close", (code, signal) => {
        if (failure !== undefined) {
          context.say(failure);
          resolve(1);
        } else resolve(code ?? signalStatus(signal === null ? 0 : constants.signals[signal]));
      });
    });
    const status = ended.finally(cleanup.release);
    return { pid: started.pid ?? -1, status, kill: (signal) => void started.kill(signal) };
  } catch (error) {
    cleanup.release();
    throw error;
  }
}

/** `plan` with a datagram socket in place of each device that lives in this process. */
function hostDevices(
  plan: Plan,
  stdio: unknown[],
  { openers, ...context }: OpenContext & { readonly openers: NetOpeners },
  cleanup: Cleanup,
): Plan {
  for (const fd of inheritedDescriptors(plan.devices)) {
    while (stdio.length <= fd) stdio.push("ignore");
    stdio[fd] = fd;
  }
  const devices = plan.devices.map((device) => {
    if (device.type !== "NET_BASIC" || !isHosted(device)) return device;
    const { fd: far, mtu } = relay(openCaptured(openers, device, context, cleanup), cleanup);
    let fd = firstInherited;
    while (stdio[fd] !== undefined && stdio[fd] !== "ignore") fd++;
    while (stdio.length < fd) stdio.push("ignore");
    stdio[fd] = far;
    return { ...device, dump: undefined, mtu, source: { kind: "descriptor", fd } as const };
  });
  return { ...plan, devices };
}

/** A path to run the image from: a file in memory where that can be had, else one that the launch removes. */
function executable(name: string, cleanup: Cleanup, make: (unlink?: string) => Uint8Array): string {
  if (hasLibc() && existsSync("/proc/self/fd")) {
    const fd = memoryExecutable(make(), name);
    cleanup.push(() => closeSync(fd));
    return `/proc/${process.pid}/fd/${fd}`;
  }
  const folder = mkdtempSync(joinPath(tmpdir(), "solo5-"));
  const path = joinPath(folder, "unikernel");
  cleanup.push(() => rmdirSync(folder));
  cleanup.push(() => rmSync(path, { force: true }));
  writeFileSync(path, make(path), { mode: 0o700 });
  return path;
}
