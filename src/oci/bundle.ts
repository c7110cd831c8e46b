// A bundle: a folder with config.json and a rootfs, read and checked as a whole before anything is made.
import { readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import type { Unikernel } from "../image/unikernel.js";
import { checkConfig, configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import { checkHooks } from "./hooks.js";
import { readNamespaces } from "./prologue/namespaces.js";
import { checkRlimits } from "./rlimits.js";
import { checkSysctl } from "./sysctl.js";
import { isSandbox } from "./sandbox.js";
import { findUnikernel } from "./unikernel-file.js";
import { checkUrunc, readUrunc, withUrunc } from "./urunc.js";

/** A bundle that was read and checked. */
export interface ContainerBundle {
  readonly folder: string;
  readonly rootfs: string;
  readonly config: Config;
  /** Undefined where the container is to run something else. */
  readonly unikernel: Unikernel | undefined;
  /** The path in the container of its first disk, where the image says so. */
  readonly disk?: string | undefined;
}

/** Reads a bundle. Throws Solo5Error. */
export function readBundle(path: string): ContainerBundle {
  let text: string;
  let folder: string;
  try {
    folder = realpathSync(path);
    text = readFileSync(join(folder, "config.json"), "utf8");
  } catch (cause) {
    throw new Solo5Error("CONFIG", `${join(path, "config.json")}: ${systemErrorMessage(cause)}`, { cause });
  }
  let config = checkConfig(text);
  let rootfs: string;
  try {
    rootfs = realpathSync(resolve(folder, config.root.path));
  } catch (cause) {
    throw configError("root.path", `${config.root.path}: ${systemErrorMessage(cause)}`);
  }
  readNamespaces(config);
  checkHooks(config);
  checkRlimits(config);
  checkSysctl(config);
  // A pod's annotations are its sandbox's as well.
  const urunc = isSandbox(config) ? undefined : readUrunc(config, rootfs);
  if (urunc === undefined) return { folder, rootfs, config, unikernel: findUnikernel(config, rootfs) };
  config = withUrunc(config, urunc);
  const unikernel = findUnikernel(config, rootfs);
  if (unikernel !== undefined) checkUrunc(urunc, unikernel);
  return { folder, rootfs, config, unikernel, disk: urunc.block };
}
