// install and uninstall: the runtime on a node, and in its containerd's configuration. Each can be done again, and killed at any point.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { Solo5Error } from "../../bytes/error.js";
import { systemErrorMessage } from "../../host/any/system-error.js";
import { hostCall } from "../../host/linux/host-call.js";
import { ownProgram } from "../../host/linux/leave-to-node.js";
import { withoutRuntime, withRuntime } from "./containerd-config.js";

export interface Installation {
  /** Where the node's files are seen: another folder than / in a pod. */
  readonly host: string;
  /** containerd's configuration, as the node sees it. */
  readonly config: string;
  readonly handler: string;
  /** Whether containerd is to be restarted where something has changed. */
  readonly restarts: boolean;
}

/** The runtime's program, as the node sees it: it needs nothing beside it. */
const program = "/opt/solo5/solo5-oci";

/** What was done, in a line. Throws Solo5Error. */
export function install(installation: Installation): string {
  const own = ownProgram();
  if (own === undefined)
    throw new Solo5Error("CONTAINER", "install needs the package solo5-runners, which has the runtime as a program: npm install solo5-runners"); // prettier-ignore
  const { host, config, handler } = installation;
  const isNew = replaceFile(join(host, program), readFileSync(own), 0o755);
  const isChanged = edit(installation, (text) => withRuntime(text, { handler, program }, config));
  return told(installation, isNew || isChanged, `${program} is the runtime ${handler} of ${config}`);
}

/** The same, the other way. */
export function uninstall(installation: Installation): string {
  const { host, config, handler } = installation;
  const isChanged = edit(installation, withoutRuntime);
  const path = join(host, program);
  const wasThere = existsSync(path);
  rmSync(path, { force: true });
  try {
    rmdirSync(dirname(path));
  } catch {
    // Somebody else's files are in it, or it was never there.
  }
  return told(installation, isChanged || wasThere, `${config} has no runtime ${handler} of ours`);
}

function told({ host, restarts }: Installation, isChanged: boolean, what: string): string {
  if (!isChanged) return `${what} already`;
  if (!restarts) return `${what}: systemctl restart containerd`;
  if (host !== "/") {
    hostCall(host, "chroot", host);
    hostCall(host, "chdir", "/");
  }
  // In another root systemctl does nothing otherwise.
  const env = { ...process.env, SYSTEMD_IGNORE_CHROOT: "1" };
  const { error, status, stderr } = spawnSync("systemctl", ["restart", "containerd"], {
    encoding: "utf8",
    env,
  });
  if (status === 0) return `${what}: containerd is started again`;
  const reason = error === undefined ? stderr.trim() : systemErrorMessage(error);
  throw new Solo5Error("CONTAINER", `${what}, but containerd is not started again: systemctl: ${reason}`);
}

/** Whether the configuration has changed. A file of which nothing is left goes. */
function edit({ host, config }: Installation, change: (text: string) => string): boolean {
  const path = join(host, config);
  try {
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const changed = change(text);
    if (changed === text) return false;
    if (changed === "") rmSync(path, { force: true });
    else replaceFile(path, new TextEncoder().encode(changed), 0o644);
    return true;
  } catch (cause) {
    if (cause instanceof Solo5Error) throw cause;
    throw new Solo5Error("CONFIG", `${config}: ${systemErrorMessage(cause)}`, { cause });
  }
}

/** Whether the file is another than it was; nobody sees a part of it. */
function replaceFile(path: string, data: Uint8Array, mode: number): boolean {
  const temporary = `${path}.new`;
  try {
    if (existsSync(path) && isSame(readFileSync(path), data)) return false;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, data, { mode });
    // Whatever the umask is.
    chmodSync(temporary, mode);
    renameSync(temporary, path);
    return true;
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new Solo5Error("CONFIG", `${path}: ${systemErrorMessage(cause)}`, { cause });
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);
