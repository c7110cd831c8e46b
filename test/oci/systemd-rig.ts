// systemd and its bus as the first process of namespaces of its own, over a part of this machine's cgroups: it knows nothing but its bus.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execute, type Outcome } from "../command.js";
import { until } from "../until.js";

const units = {
  "dbus.socket": "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\n",
  "dbus.service": `[Unit]
DefaultDependencies=no
Requires=dbus.socket
After=dbus.socket
[Service]
Type=notify
ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation
`,
} as const;

interface CgroupMount {
  readonly folder: string;
  readonly type: string;
  /** What mounts it anew. */
  readonly options: string;
}

/** Those of this machine, by proc_pid_mountinfo(5). */
function cgroupMounts(): readonly CgroupMount[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => {
      const [before = "", behind = ""] = line.split(" - ");
      const [type = "", , options = ""] = behind.split(" ");
      if (type !== "cgroup" && type !== "cgroup2") return [];
      const names = options.split(",").filter((one) => !/^(rw|ro|xattr|nsdelegate|memory_.*)$/.test(one));
      const named = names.some((one) => one.startsWith("name=")) ? ["none", ...names] : names;
      return [{ folder: before.split(" ")[4] ?? "", type, options: type === "cgroup" ? named.join() : "rw" }];
    });
}

export interface SystemdRig extends AsyncDisposable {
  /** Runs a program there. */
  execute(file: string, args: readonly string[]): Promise<Outcome>;
}

export async function startSystemd(): Promise<SystemdRig> {
  const folder = mkdtempSync(join(tmpdir(), "solo5-systemd-"));
  const name = `solo5-systemd-${process.pid}`;
  for (const [unit, text] of Object.entries(units)) writeFileSync(join(folder, unit), text);
  const mounts = cgroupMounts();
  const own = mounts.map((one) => join(one.folder, name));
  for (const [i, { folder: parent }] of mounts.entries()) {
    mkdirSync(own[i] ?? "");
    for (const file of ["cpuset.cpus", "cpuset.mems"])
      if (existsSync(join(own[i] ?? "", file)) && existsSync(join(parent, file)))
        writeFileSync(join(own[i] ?? "", file), readFileSync(join(parent, file)));
  }
  const script = [
    "mount --make-rprivate /",
    "mount -t tmpfs tmpfs /run",
    ...mounts.map((one) => `umount ${one.folder}`),
    ...mounts.map(({ folder: at, type, options }) => `mount -t ${type} -o ${options} cgroup ${at}`),
    `export container=solo5 SYSTEMD_UNIT_PATH=${folder}`,
    "exec /lib/systemd/systemd --system --unit=dbus.service --log-target=null --show-status=no",
  ];
  const begin = [
    ...own.map((one) => `echo $$ > ${one}/cgroup.procs`),
    'exec unshare --mount --pid --cgroup --fork --kill-child --mount-proc sh -ec "$1"',
  ];
  const child = spawn("sh", ["-ec", begin.join("\n"), "sh", script.join("\n")], { stdio: "ignore" });
  const ended = once(child, "exit");
  const first = (): string =>
    execFileSync("ps", ["-o", "pid=", "--ppid", String(child.pid)], { encoding: "utf8" }).trim();
  let pid = "";
  const inside: SystemdRig["execute"] = (file, args) =>
    execute("nsenter", ["-t", pid, "--mount", "--pid", "--cgroup", file, ...args]);
  await until("systemd is on its bus", async () => {
    if (child.exitCode !== null) throw new Error("systemd has ended");
    try {
      pid = first();
    } catch {
      return false;
    }
    return (await inside("busctl", ["status", "org.freedesktop.systemd1"])).status === 0;
  });
  return {
    execute: inside,
    async [Symbol.asyncDispose]() {
      process.kill(Number(pid), "SIGKILL");
      await ended;
      for (const one of own)
        await until(`${one} is removed`, async () => {
          await execute("find", [one, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+"]);
          return !existsSync(one);
        });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
