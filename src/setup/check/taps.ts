// Whether unikernels can have taps here: the device that makes them, and who may.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { thisHost } from "../../host/this-host.js";
import type { CheckRow } from "./row.js";

const name = "taps";
const user = "--net:NAME=user is a network that needs no root";
const capNetAdmin = 12n;

/** Whether this process may make interfaces. capabilities(7); proc(5). */
function mayMake(): boolean {
  try {
    const [, mask = "0"] = /^CapEff:\s*([\da-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    return ((BigInt(`0x${mask}`) >> capNetAdmin) & 1n) === 1n;
  } catch {
    return false;
  }
}

function onLinux(): CheckRow {
  const device = "/dev/net/tun";
  if (!existsSync(device))
    return { name, state: "no", says: `there is no ${device}`, wayOut: `load the module tun; ${user}` };
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    return { name, state: "no", says: `no permission for ${device}`, wayOut: `have it made readable and writable; ${user}` }; // prettier-ignore
  }
  if (mayMake()) return { name, state: "yes", says: "solo5 net add makes them" };
  const taps = (thisHost.interfaces() ?? []).filter((one) => existsSync(`/sys/class/net/${one}/tun_flags`));
  const says = taps.length === 0 ? "there is none, and only root makes them" : `there are ${taps.join(", ")}`;
  return { name, state: taps.length === 0 ? "partly" : "yes", says, wayOut: `sudo solo5 net add tap0 --address=10.0.0.1/24 --do; ${user}` }; // prettier-ignore
}

function onBsd(): CheckRow {
  if (process.geteuid?.() === 0) return { name, state: "yes", says: "solo5 net add makes them" };
  return {
    name,
    state: "partly",
    says: "only root makes them",
    wayOut: `solo5 net add tap0 --address=10.0.0.1/24 prints what to type; ${user}`,
  };
}

export function tapsRow(): CheckRow {
  switch (process.platform) {
    case "linux":
      return onLinux();
    case "freebsd":
    case "openbsd":
      return onBsd();
    default:
      return { name, state: "no", says: `${process.platform} has none`, wayOut: user };
  }
}
