// What is drawn at random for a run: by Web Crypto, which every host has.
import type { Plan } from "./attach.js";

/** 64 random bits. */
export const random = (): bigint => crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;

/** A locally administered address of no group: IEEE 802, 8.2.2. */
function randomMac(): Uint8Array {
  const mac = crypto.getRandomValues(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0xfe) | 2;
  return mac;
}

/** `plan` with an address for every network device. */
export const withAddresses = (plan: Plan): Plan => ({
  ...plan,
  devices: plan.devices.map((device) =>
    device.type === "NET_BASIC" ? { ...device, mac: device.mac ?? randomMac() } : device,
  ),
});
