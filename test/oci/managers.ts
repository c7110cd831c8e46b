// Managers of containers for tests, each with state and a network namespace of its own: nothing of the machine's is theirs, and nothing
// stays when they have gone.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandFile, execute, solo5, type Outcome } from "../command.js";
import { createNamespace } from "../namespace.js";
import { until } from "../until.js";

export interface Rig extends AsyncDisposable {
  readonly folder: string;
  /** The runtime, as managers are told of it. */
  readonly runtime: string;
  /** Runs a program in the rig's network. */
  execute(file: string, args: readonly string[]): Promise<Outcome>;
  /** The same, which must succeed; gives its output. */
  done(file: string, args: readonly string[]): Promise<string>;
  /** Starts a daemon there and waits until `isReady`. */
  daemon(file: string, args: readonly string[], isReady: () => boolean | Promise<boolean>): Promise<void>;
  /** An archive of a unikernel's image, called `localhost/NAME:latest`. */
  image(name: string, kernel: string, ...options: readonly string[]): Promise<string>;
}

export function createRig(): Rig {
  const folder = mkdtempSync(join(tmpdir(), "s5m-"));
  const network = createNamespace();
  // Not by ip-netns(8), which mounts another /sys, without cgroups.
  const enter = (file: string, args: readonly string[]): readonly string[] => [
    `--net=/run/netns/${network.name}`,
    file,
    ...args,
  ];
  const run = (file: string, args: readonly string[]): Promise<Outcome> =>
    execute("nsenter", enter(file, args));
  const daemons: ChildProcess[] = [];
  const runtime = join(folder, "solo5-oci");
  writeFileSync(runtime, `#!/bin/sh\nexec ${commandFile("solo5-oci")} --runtime /usr/sbin/runc "$@"\n`);
  chmodSync(runtime, 0o755);
  return {
    folder,
    runtime,
    execute: run,
    async done(file, args) {
      const { status, stdout, stderr } = await run(file, args);
      if (status !== 0) throw new Error(`${file} ${args.join(" ")}: ${status}: ${stderr}${stdout}`);
      return stdout;
    },
    async daemon(file, args, isReady) {
      const log = join(folder, `${file}.log`);
      const output = openSync(log, "w");
      const child = spawn("nsenter", enter(file, args), { stdio: ["ignore", output, output] });
      daemons.push(child);
      await until(`${file} is ready`, () => {
        if (child.exitCode !== null) throw new Error(readFileSync(log, "utf8"));
        return isReady();
      });
    },
    async image(name, kernel, ...options) {
      const path = join(folder, `${name}.tar`);
      const args = ["image", "build", kernel, "-t", `localhost/${name}`, "-o", path, ...options];
      const { status, stderr } = await solo5("solo5", args);
      if (status !== 0) throw new Error(stderr);
      return path;
    },
    async [Symbol.asyncDispose]() {
      for (const child of daemons.reverse()) {
        const ended = once(child, "exit");
        if (child.exitCode === null && child.kill()) await ended;
      }
      network[Symbol.dispose]();
      // What managers leave to clean up may still be at it, and mount something meanwhile.
      await until(`${folder} is removed`, () => {
        unmount(folder);
        try {
          rmSync(folder, { recursive: true, force: true });
          return true;
        } catch (error) {
          if (/^(EBUSY|ENOTEMPTY)$/.test((error as NodeJS.ErrnoException).code ?? "")) return false;
          throw error;
        }
      });
    },
  };
}

/** What a daemon leaves mounted. */
function unmount(folder: string): void {
  const mounted = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounted.reverse()) execFileSync("umount", ["--lazy", path]);
}

/** containerd, with its CRI where `cni` says how pods get their networks; gives the arguments that ctr begins with. */
export async function startContainerd(rig: Rig, cri = ""): Promise<readonly string[]> {
  const at = (name: string): string => join(rig.folder, name);
  mkdirSync(at("containerd"));
  const config = at("containerd.toml");
  writeFileSync(
    config,
    `version = 2
root = "${at("containerd/root")}"
state = "${at("containerd/state")}"
${cri === "" ? 'disabled_plugins = ["io.containerd.grpc.v1.cri"]' : ""}
[grpc]
  address = "${at("containerd.sock")}"
${cri}`,
  );
  const ctr = ["--address", at("containerd.sock")];
  await rig.daemon(
    "containerd",
    ["--config", config],
    async () =>
      existsSync(at("containerd.sock")) && (await rig.execute("ctr", [...ctr, "version"])).status === 0,
  );
  return ctr;
}
