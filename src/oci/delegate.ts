// What is no unikernel goes to the host's own runtime, as far as the operator allows: an image does not choose its sandbox. Which
// runtime has a container is written down when it is made; each later call about it is passed on as it came.
import { spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { signalStatus } from "../abi/signals.js";
import { constants as system } from "node:os";
import { systemErrorMessage } from "../host/any/system-error.js";
import type { OciCall } from "./call.js";
import { configError } from "./config/check.js";
import type { ContainerBundle } from "./bundle.js";
import { isSandbox } from "./sandbox.js";
import { delegatedFolder, forget, type Container } from "./state.js";

const ways = ["none", "sandbox", "all"] as const;
type Way = (typeof ways)[number];

/** What operators set where managers pass no options: the same names as the options'. */
const settingsFile = "/etc/solo5/oci.json";
const usualRuntimes = ["runc", "crun"];

interface Settings {
  readonly delegate?: unknown;
  readonly runtime?: unknown;
}

/** Those of the settings' file; none where there is none. Throws Solo5Error. */
function settings(): Settings {
  let text: string;
  try {
    text = readFileSync(settingsFile, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new Solo5Error("CONFIG", `${settingsFile}: ${systemErrorMessage(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as Settings;
  } catch (cause) {
    throw new Solo5Error("CONFIG", `${settingsFile}: ${(cause as Error).message}`, { cause });
  }
}

/** The runtime that gets the container of `bundle`. Throws Solo5Error where none may have it. */
export function chooseRuntime({ config }: ContainerBundle, { global }: OciCall): string {
  const { delegate = "sandbox", runtime } = { ...settings(), ...global };
  if (!ways.includes(delegate as Way))
    throw new Solo5Error("CONFIG", `--delegate: '${String(delegate)}' is none of ${ways.join(", ")}`);
  const [program = ""] = config.process.args;
  if (!(delegate === "all" || (delegate === "sandbox" && isSandbox(config))))
    throw configError(
      "process.args",
      `${program} is no unikernel: it has no note of Solo5's; --delegate=all leaves it to the host's own runtime`,
    );
  if (typeof runtime === "string" && runtime !== "") return runtime;
  const folders = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`.split(":");
  const found = usualRuntimes
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find(isExecutable);
  if (found !== undefined) return found;
  throw configError(
    "process.args",
    `${program} is no unikernel, and there is no ${usualRuntimes.join(" or ")}`,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Passes a call on; the exit status. */
export function passOn(
  { id, delegate = "" }: Pick<Container, "id" | "delegate">,
  root: string,
  call: OciCall,
): number {
  const { command, global, rest } = call;
  const folder = delegatedFolder(root);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passed = (["log", "log-format"] as const).flatMap((name) => {
    const value = global[name];
    return value === undefined ? [] : [`--${name}`, value];
  });
  if (global["systemd-cgroup"] !== undefined) passed.push("--systemd-cgroup");
  const args = ["--root", folder, ...passed, command, ...rest];
  const { error, status, signal } = spawnSync(delegate, args, { stdio: "inherit" });
  if (error !== undefined) throw new Solo5Error("CONTAINER", `${delegate}: ${systemErrorMessage(error)}`);
  const result = status ?? signalStatus(signal === null ? 0 : system.signals[signal]);
  if ((command === "delete" && result === 0) || (command === "create" && result !== 0)) forget(root, id);
  return result;
}
