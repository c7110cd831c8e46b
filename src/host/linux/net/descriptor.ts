// What a descriptor that the process inherited is: only what keeps frames whole is a network device. A terminal, a pipe
// or a file would give a guest parts of frames, and where it ends, be readable for ever. socket(7), tuntap.rst.
import { fstatSync, readFileSync } from "node:fs";
import { decodeText } from "../../../bytes/text.js";
import { hasLibc, libc } from "../../posix/libc.js";
import { ioctlRequest, socketOption, socketType, tunFlag } from "../../../abi/linux/syscalls.js";
import { ifrequest, readIfreq } from "../../../abi/linux/ifreq.js";

/** A socket that keeps frames whole, or a tap by its name; undefined for anything else. */
type FrameDescriptor = { readonly kind: "socket" } | { readonly kind: "tap"; readonly name: string };

/** Throws as fstat does where `fd` is not open. Without koffi any socket is taken. */
export function frameDescriptor(fd: number): FrameDescriptor | undefined {
  const status = fstatSync(fd);
  if (status.isSocket()) return !hasLibc() || keepsFrames(fd) ? { kind: "socket" } : undefined;
  if (!status.isCharacterDevice()) return undefined;
  const name = hasLibc() ? tapName(fd) : tapNameInProc(fd);
  return name === undefined ? undefined : { kind: "tap", name };
}

function keepsFrames(fd: number): boolean {
  const value = new Int32Array(1);
  const { level, type } = socketOption;
  return (
    libc().getsockopt(fd, level, type, value, Int32Array.of(value.byteLength)) === 0 &&
    value[0] !== socketType.stream
  );
}

function tapName(fd: number): string | undefined {
  const answer = ifrequest("");
  if (libc().ioctl(fd, ioctlRequest.TUNGETIFF, answer) < 0) return undefined;
  const { name, value } = readIfreq(answer);
  return (value & tunFlag.tap) === 0 ? undefined : name;
}

function tapNameInProc(fd: number): string | undefined {
  try {
    const name = /^iff:\t([^\n]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return name === undefined ? undefined : decodeText(Buffer.from(name, "latin1"));
  } catch {
    return undefined;
  }
}
