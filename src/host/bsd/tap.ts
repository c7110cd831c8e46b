// Taps of FreeBSD and OpenBSD: a device of the interface's name, which must be up. tap(4), netintro(4); net/if.h, sys/sockio.h of each.
import { closeSync, constants, openSync } from "node:fs";
import { errorText } from "../../abi/errno.js";
import { bytes, encode, i32, struct, u16, viewOf } from "../../bytes/struct.js";
import { encodeText } from "../../bytes/text.js";
import { netError } from "../../net/scheme.js";
import { systemErrorMessage } from "../any/system-error.js";
import { libc } from "../posix/libc.js";
import type { FrameSource } from "../any/contract.js";

/** What is asked of the system, so that a test can answer. */
export interface TapCalls {
  open(path: string): number;
  close(fd: number): void;
  /** A socket to ask by. */
  socket(): number;
  ioctl(fd: number, request: number, arg: Uint8Array): number;
  errorName(): string;
}

const inet = { family: 2, datagram: 2 } as const;

const hostCalls: TapCalls = {
  open: (path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK),
  close: closeSync,
  socket: () => libc().socket(inet.family, inet.datagram, 0),
  ioctl: (fd, request, arg) => libc().ioctl(fd, request, arg),
  errorName: () => libc().errorName(),
};

/** The name, then a union of which we use the flags, or the MTU. */
const ifreqFlags = struct(32, { name: bytes(16), flags: u16, rest: bytes(14) });
const ifreqMtu = struct(32, { name: bytes(16), mtu: i32, rest: bytes(12) });
const isUp = 1;

const requests = {
  freebsd: { flags: 0xc020_6911, mtu: 0xc020_6933 },
  openbsd: { flags: 0xc020_6911, mtu: 0xc020_697e },
} as const;
export type BsdPlatform = keyof typeof requests;

/** The only devices that may be opened by the name of an interface. */
const tapName = /^tap(?:0|[1-9]\d{0,3})$/;

function query(platform: BsdPlatform, name: string, calls: TapCalls): { up: boolean; mtu: number } {
  const socket = calls.socket();
  if (socket < 0) throw netError(name, errorText(calls.errorName()));
  try {
    const ask = (request: number): DataView => {
      const data = encode(ifreqFlags, { name: encodeText(name), flags: 0, rest: new Uint8Array() });
      if (calls.ioctl(socket, request, data) < 0) throw netError(name, errorText(calls.errorName()));
      return viewOf(data);
    };
    const { flags } = ifreqFlags.read(ask(requests[platform].flags), 0);
    return { up: (flags & isUp) !== 0, mtu: ifreqMtu.read(ask(requests[platform].mtu), 0).mtu };
  } finally {
    calls.close(socket);
  }
}

/** The MTU of a tap that there is. Throws Solo5Error `NET`. */
export function tapMtu(platform: BsdPlatform, name: string, calls = hostCalls): number {
  if (!tapName.test(name)) throw netError(name, `no tap: they are called tap0, or by another number`);
  const { up, mtu } = query(platform, name, calls);
  if (!up) throw netError(name, errorText("ENETDOWN"));
  return mtu;
}

/** Opens the tap `name`. Throws Solo5Error `NET` with the way out. */
export function openTap(platform: BsdPlatform, name: string, calls = hostCalls): FrameSource {
  const mtu = tapMtu(platform, name, calls);
  try {
    return { fd: calls.open(`/dev/${name}`), mtu };
  } catch (cause) {
    throw netError(
      name,
      `/dev/${name}: ${systemErrorMessage(cause)}\nsolo5 net add ${name} prints how to have one; --net:NAME=user needs no root`,
      cause,
    );
  }
}
