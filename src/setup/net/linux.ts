// Taps and bridges of Linux: made, changed and removed by netlink and /dev/net/tun, without a program. A tap is there for good only when
// everything else has been done, so that nothing is left behind on the way. tuntap.rst and rtnetlink(7).
import { closeSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import { createCleanup, type CleanupStack } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { errorText } from "../../abi/errno.js";
import { errorName } from "../../abi/linux/errno.js";
import { libc } from "../../host/posix/libc.js";
import { ifrequest } from "../../abi/linux/ifreq.js";
import { ioctlRequest, tunFlag } from "../../abi/linux/syscalls.js";
import { systemErrorMessage } from "../../host/any/system-error.js";
import {
  deleteLink,
  newAddress,
  newBridge,
  queryLink,
  setLink,
  type LinkChange,
  type LinkState,
} from "../../host/linux/netlink/links.js";
import { masquerade, unmasquerade, type Family } from "../../host/linux/netlink/masquerade.js";
import type { Request } from "../../host/linux/netlink/message.js";
import { openNetlink, protocol, type Netlink } from "../../host/linux/netlink/socket.js";
import type { Prefix } from "../../ip/index.js";
import { addressed, filterName, mark, networkOf, type AddRequest } from "./request.js";

const tun = {
  device: "/dev/net/tun",
  exclusive: 0x8000,
  setPersist: 0x400454cb,
  setOwner: 0x400454cc,
} as const;
const families: readonly Family[] = [4, 6];
const forwarding = {
  4: "/proc/sys/net/ipv4/ip_forward",
  6: "/proc/sys/net/ipv6/conf/all/forwarding",
} as const satisfies Record<Family, string>;

const rootOnly: ReadonlySet<string> = new Set(["EPERM", "EACCES"]);

/** `error` by its name: errno(3). */
function failure(name: string, what: string, error: string): Solo5Error {
  const wayOut = rootOnly.has(error) ? ": this needs root, or CAP_NET_ADMIN" : "";
  return new Solo5Error("NET", `${name}: ${what}: ${errorText(error)}${wayOut}`);
}

/** The same for what Node has tried. */
function fileFailure(name: string, what: string, cause: unknown): Solo5Error {
  const { code = "" } = cause as NodeJS.ErrnoException;
  if (rootOnly.has(code)) return failure(name, what, code);
  return new Solo5Error("NET", `${name}: ${what}: ${systemErrorMessage(cause)}`, { cause });
}

/** The interface `name` where it is one that was made here, of the right kind. Throws Solo5Error `NET` where it is another. */
function ownLink(netlink: Netlink, name: string, kinds: readonly string[]): LinkState | undefined {
  const found = queryLink(netlink, name);
  if (found === undefined) return undefined;
  if (!("index" in found)) throw failure(name, "cannot be looked at", errorName(found.errno));
  if (found.alias === mark && kinds.includes(found.kind)) return found;
  throw new Solo5Error(
    "NET",
    found.alias === mark
      ? `${name}: is a ${found.kind === "tun" ? "tap" : found.kind}: choose another name`
      : `${name}: is there, and solo5 net has not made it: choose another name, or remove it yourself`,
  );
}

function apply(netlink: Netlink, name: string, what: string, request: Request): void {
  const { errno } = netlink.ask(request);
  if (errno !== 0) throw failure(name, what, errorName(errno));
}

function change(netlink: Netlink, name: string, index: number, what: string, wanted: LinkChange): void {
  apply(netlink, name, what, setLink(index, wanted));
}

/** The index of an interface that has just been made. */
function indexOf(netlink: Netlink, name: string): number {
  const found = queryLink(netlink, name);
  if (found !== undefined && "index" in found) return found.index;
  throw failure(name, "cannot be looked at", found === undefined ? "ENODEV" : errorName(found.errno));
}

function openTun(name: string): number {
  try {
    return openSync(tun.device, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw fileFailure(name, `cannot be made: ${tun.device}`, cause);
  }
}

function tunIoctl(
  name: string,
  fd: number,
  request: number,
  argument: Uint8Array | number,
  what = "cannot be made",
): void {
  const c = libc();
  const result =
    typeof argument === "number" ? c.ioctlNumber(fd, request, argument) : c.ioctl(fd, request, argument);
  if (result < 0) throw failure(name, what, c.errorName());
}

/** A locally administered address, as high as can be: a bridge takes the lowest of its ports for its own. */
function randomMac(): Uint8Array {
  const mac = crypto.getRandomValues(new Uint8Array(6));
  mac[0] = 0xfe;
  return mac;
}

/** Makes the tap; `keep` lets it outlive the descriptor that made it. */
function makeTap(
  netlink: Netlink,
  name: string,
  uid: number,
  cleanup: CleanupStack,
): { readonly index: number; keep(): void } {
  const fd = openTun(name);
  cleanup.push(() => closeSync(fd));
  const flags = tunFlag.tap | tunFlag.noPacketInfo;
  tunIoctl(name, fd, ioctlRequest.TUNSETIFF, ifrequest(name, flags | tun.exclusive));
  tunIoctl(name, fd, tun.setOwner, uid);
  const index = indexOf(netlink, name);
  change(netlink, name, index, "cannot be marked", { alias: mark, mac: randomMac() });
  return { index, keep: () => tunIoctl(name, fd, tun.setPersist, 1) };
}

/** Gives the tap, which is there, to another user. */
function changeOwner(name: string, uid: number): void {
  const fd = openTun(name);
  const what = "cannot be given to another user";
  try {
    tunIoctl(name, fd, ioctlRequest.TUNSETIFF, ifrequest(name, tunFlag.tap | tunFlag.noPacketInfo), what);
    tunIoctl(name, fd, tun.setOwner, uid, what);
  } finally {
    closeSync(fd);
  }
}

/** The bridge, made where it is not there. Where something fails later, it goes again. */
function haveBridge(netlink: Netlink, name: string, undo: CleanupStack): number {
  const existing = ownLink(netlink, name, ["bridge"]);
  if (existing !== undefined) return existing.index;
  apply(netlink, name, "cannot be made", newBridge(name));
  const index = indexOf(netlink, name);
  undo.push(() => void netlink.ask(deleteLink(index)));
  // With an address of its own it keeps it, whoever joins.
  change(netlink, name, index, "cannot be marked", { alias: mark, mac: randomMac() });
  return index;
}

function haveAddress(netlink: Netlink, name: string, index: number, prefix: Prefix): void {
  const { errno } = netlink.ask(newAddress(index, prefix));
  if (errno === 0) return;
  const what = "cannot have the address";
  // The kernel's answer where net.ipv6.conf says so: net/ipv6/addrconf.c.
  if (prefix.address.length === 16 && errorName(errno) === "EACCES")
    throw new Solo5Error("NET", `${name}: ${what}: ${errorText("EACCES")}: IPv6 is off there`);
  throw failure(name, what, errorName(errno));
}

/** The number of a user. Throws Solo5Error `NET`. */
function uidOf(user: string): number {
  if (/^\d+$/.test(user)) return Number(user);
  const row = readFileSync("/etc/passwd", "latin1")
    .split("\n")
    .find((line) => line.startsWith(`${user}:`));
  const uid = row?.split(":")[2];
  if (uid !== undefined && /^\d+$/.test(uid)) return Number(uid);
  throw new Solo5Error("NET", `${user}: no such user in /etc/passwd: a number will do`);
}

function forward(family: Family, name: string): void {
  try {
    if (readFileSync(forwarding[family], "latin1").trim() !== "1") writeFileSync(forwarding[family], "1");
  } catch (cause) {
    throw fileFailure(name, `cannot forward packets: ${forwarding[family]}`, cause);
  }
}

function haveNat(request: AddRequest): void {
  const name = addressed(request);
  using netfilter = openNetlink(protocol.netfilter);
  for (const family of families) {
    const networks = request.addresses
      .filter(({ address }) => address.length === (family === 4 ? 4 : 16))
      .map(networkOf);
    if (networks.length === 0) continue;
    forward(family, name);
    const table = filterName(request.tap, "-");
    const errno = masquerade(netfilter, family, table, name, networks);
    if (errno !== 0) throw failure(name, "cannot masquerade with nftables", errorName(errno));
  }
}

function removeTables(tap: string): void {
  using netfilter = openNetlink(protocol.netfilter);
  for (const family of families) {
    const errno = unmasquerade(netfilter, family, filterName(tap, "-"));
    if (errno !== 0) throw failure(tap, "cannot remove its nftables", errorName(errno));
  }
}

/** Has everything that `request` names be there. What was there already stays, what was not goes again where something fails. */
export function addOnLinux(request: AddRequest): void {
  const { tap, user, mtu, addresses, bridge, nat } = request;
  const uid = uidOf(user);
  const undo = createCleanup();
  const always = createCleanup();
  using netlink = openNetlink(protocol.route);
  try {
    const existing = ownLink(netlink, tap, ["tun"]);
    const bridgeIndex = bridge === undefined ? undefined : haveBridge(netlink, bridge, undo);
    if (existing !== undefined && existing.owner !== uid) changeOwner(tap, uid);
    const { index, keep } =
      existing === undefined ? makeTap(netlink, tap, uid, always) : { ...existing, keep() {} };
    if (mtu !== undefined) change(netlink, tap, index, `cannot have an MTU of ${mtu}`, { mtu });
    if (bridgeIndex !== undefined && existing?.master !== bridgeIndex)
      change(netlink, tap, index, `cannot join ${bridge}`, { master: bridgeIndex });
    const [name, target] = bridge === undefined ? [tap, index] : [bridge, bridgeIndex ?? 0];
    change(netlink, tap, index, "cannot be brought up", { up: true });
    if (bridge !== undefined) change(netlink, bridge, target, "cannot be brought up", { up: true });
    for (const address of addresses) haveAddress(netlink, name, target, address);
    if (nat !== undefined) {
      if (existing === undefined) undo.push(() => removeTables(tap));
      haveNat(request);
    }
    keep();
  } catch (error) {
    undo.release();
    throw error;
  } finally {
    always.release();
  }
}

/** Removes an interface that was made here, with its rules. Gives whether it was there. */
export function removeOnLinux(name: string): boolean {
  using netlink = openNetlink(protocol.route);
  const existing = ownLink(netlink, name, ["tun", "bridge"]);
  if (existing !== undefined) apply(netlink, name, "cannot be removed", deleteLink(existing.index));
  removeTables(name);
  return existing !== undefined;
}
