// Whether /dev/kvm is here, may be used, and is real: each reason against it with the way out.
import { existsSync, readFileSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { hasLibc } from "../../host/posix/libc.js";
import { system } from "../system.js";
import { apiVersion, request } from "./abi.js";

const device = "/dev/kvm";

/** Opens /dev/kvm. Throws Solo5Error `KVM` with the way out. */
export function openKvm(): number {
  let fd: number;
  try {
    fd = system().open(device);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new Solo5Error("KVM", ways[code ?? ""] ?? `cannot open ${device}: ${message}`, { cause });
  }
  const version = system().ioctl(fd, request.GET_API_VERSION, 0);
  if (version === apiVersion) return fd;
  system().close(fd);
  throw new Solo5Error("KVM", `${device} speaks version ${version} of its interface, expected ${apiVersion}`);
}

const ways: Readonly<Record<string, string>> = {
  ENOENT: `there is no ${device}: load the module kvm_intel or kvm_amd, after enabling virtualisation in the firmware`,
  ENODEV: `${device} has no driver: load the module kvm_intel or kvm_amd`,
  EACCES: `no permission for ${device}: join its group, or have it made readable and writable`,
  EPERM: `no permission for ${device}: the sandbox that this process lives in has to allow it`,
};

/** Why a software KVM should not be chosen: it interprets, which our own engine does faster, without floating point. */
function softwareUnsupportedReason(): string | undefined {
  if (process.arch === "arm64") return undefined;
  let flags: string;
  try {
    flags = readFileSync("/proc/cpuinfo", "latin1");
  } catch {
    return `whether ${device} is backed by the CPU's virtualisation cannot be told without /proc/cpuinfo: --engine=kvm insists`;
  }
  const hardware = /^flags\s*:.*\b(vmx|svm)\b/m.test(flags);
  if (hardware && !existsSync("/sys/module/kvm_pvm")) return undefined;
  return `${device} is not backed by the CPU's virtualisation (neither vmx nor svm): --engine=kvm insists`;
}

/** Why KVM is not the engine to take; undefined where it is. A user who insists takes a software KVM as well. */
export function kvmUnsupportedReason(insisted: boolean): string | undefined {
  if (!hasLibc()) return "it needs the package koffi: npm install koffi";
  try {
    system().close(openKvm());
  } catch (error) {
    return (error as Error).message;
  }
  return insisted ? undefined : softwareUnsupportedReason();
}
