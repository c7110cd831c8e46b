// Network devices of a container: its interfaces, in order, or those that annotations name.
import type { Cleanup } from "../../bytes/cleanup.js";
import { configError } from "../config/check.js";
import type { DeviceRequest } from "./open.js";

/** What a guest may be told of its network. */
export interface Addresses {
  /** With the length of the network's prefix. */
  readonly ipv4?: string | undefined;
  readonly ipv6?: string | undefined;
  readonly gateway?: string | undefined;
  readonly gateway6?: string | undefined;
  readonly macAddress?: string | undefined;
}

export interface Nic {
  readonly name: string;
  readonly fd: number;
  readonly mac: Uint8Array;
  readonly mtu: number;
  readonly addresses: Addresses;
}

export function openNics(
  names: readonly string[],
  _wishes: ReadonlyMap<string, string>,
  _request: Pick<DeviceRequest, "pid" | "namespaces">,
  _cleanup: Cleanup,
): readonly Nic[] {
  if (names.length > 0) throw configError("process.args", "networks are yet to come");
  return [];
}
