// The guest's arguments: those of config.json, and what it must know of its network, in words that a template has. MirageOS's by
// default, since its unikernels have no DHCP client unless they are built with one.
import { readInRoot } from "../rootfs.js";
import type { Config } from "../config/types.js";
import type { Nic } from "./nics.js";

const mirage = "{args} --ipv4={ipv4} --ipv4-gateway={gateway}";
/** Who has said where the unikernel is says all of it. */
const isAddressed = (args: readonly string[]): boolean => args.some((arg) => /^--ipv[46]/.test(arg));

/**
 * A word of the template whose placeholder has no value is left out. `{NAME}` is about the first
 * network, `{NAME:DEVICE}` about that device's.
 */
export function guestArguments(
  config: Config,
  template: string | undefined,
  nics: readonly Nic[],
  rootfs: string,
): readonly string[] {
  const args = config.process.args.slice(1);
  const env = new Map(
    (config.process.env ?? []).map((one) => {
      const [name = "", value = ""] = one.split(/=(.*)/s);
      return [name, value] as const;
    }),
  );
  const value = (placeholder: string): string | undefined => {
    const [name = "", device] = placeholder.split(":");
    if (name === "env") return env.get(device ?? "");
    const nic = device === undefined ? nics[0] : nics.find((one) => one.name === device);
    switch (name) {
      case "ipv4":
      case "ipv6":
      case "gateway":
      case "gateway6":
      case "macAddress":
        return nic?.addresses[name];
      case "mtu":
        return nic?.mtu.toString();
      case "dns":
        return nameserver(config, rootfs);
      case "hostname":
        return config.hostname;
      default:
        return undefined;
    }
  };
  return (template ?? (isAddressed(args) ? "{args}" : mirage)).split(/\s+/).flatMap((word) => {
    if (word === "{args}") return args;
    if (word === "") return [];
    let isWhole = true;
    const filled = word.replaceAll(/\{([^{}]+)\}/g, (_, placeholder: string) => {
      const found = value(placeholder);
      isWhole &&= found !== undefined;
      return found ?? "";
    });
    return isWhole ? [filled] : [];
  });
}

/** The first of resolv.conf(5), which managers mount. */
function nameserver({ mounts = [] }: Config, rootfs: string): string | undefined {
  const path = "/etc/resolv.conf";
  const mounted = mounts.findLast(({ destination }) => destination === path)?.source;
  const read = mounted === undefined ? readInRoot(rootfs, path) : readInRoot(mounted, "");
  if ("reason" in read) return undefined;
  return /^nameserver\s+(\S+)/m.exec(Buffer.from(read.data).toString())?.[1];
}
