// Devices that the program declares: what the build writes into the manifest.
import { encodeText } from "./encoding";
import { exchangeBytes, host } from "./host";

export type DeviceKind = "net" | "block";

const declared = new Map<string, DeviceKind>();
/** The manifest is written: what is declared from now on comes too late. */
let isSealed = false;

export function sealDevices(): void {
  isSealed = true;
}

export function declareDevice(name: string, kind: DeviceKind): void {
  if (!/^[A-Za-z0-9]{1,67}$/.test(name))
    throw new TypeError(`a device's name is up to 67 letters and digits, not '${name}'`);
  const known = declared.get(name);
  if (known !== undefined && known !== kind)
    throw new TypeError(`the device '${name}' is declared as ${known} already`);
  if (known === undefined && isSealed) {
    throw new Error(
      `the device '${name}' is not declared: ask for it at the top of a module, before anything that needs the unikernel, or name it in package.json: "solo5": { "${kind}": ["${name}"] }`,
    );
  }
  declared.set(name, kind);
  if (isSealed) return;
  const bytes = encodeText(name);
  exchangeBytes.set(bytes);
  host.declareDevice(bytes.length, kind === "net" ? 1 : 0);
}

/** Its handle; what is known of it is in the exchange buffer. */
export function acquire(name: string, kind: DeviceKind): number {
  const bytes = encodeText(name);
  exchangeBytes.set(bytes);
  const handle = kind === "net" ? host.acquireNet(bytes.length) : host.acquireBlock(bytes.length);
  if (handle < 0) throw new Error(`the device '${name}' is not there`);
  return handle;
}
