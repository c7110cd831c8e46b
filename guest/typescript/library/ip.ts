// The TCP/IP of programs: the stack of src/ip over a network device, set up by the command line, or by DHCP and router
// advertisements.
import {
  createDhcpClient,
  createStack,
  formatAddress,
  parseAddress,
  prediction,
  useHostFunctions,
  type Address,
  type Host,
  type Stack,
} from "../../../src/ip/index.js";
import { host } from "./host";
import { createAlarm } from "./loop";
import { open, type NetDevice } from "./net";
import { networkWords } from "./process";

export interface Network {
  readonly stack: Stack;
  /** What its clients are given besides. */
  readonly clock: Host;
  /** Of names. */
  servers(): readonly Address[];
  /** Resolves when there is an address. */
  readonly ready: Promise<void>;
}

/** The device of programs that name none. */
export const defaultDevice = "service";

const networks = new Map<string, Network>();

const { sum, agrees, compose } = host;
useHostFunctions({
  sum,
  agrees: (frame, end, pattern) => agrees(frame.buffer, end, pattern.buffer) !== 0,
  compose(frame, head, seq, ack, flagsAndWindow, timestamp, echo, length) {
    compose(frame.buffer, head.buffer, seq, ack, flagsAndWindow, timestamp, echo, length);
  },
});

/** Declares the device; the stack is there when it is first asked for. */
export function declareNetwork(name = defaultDevice): () => Network {
  const device = open(name);
  return () => {
    const known = networks.get(name);
    if (known !== undefined) return known;
    const network = createNetwork(device);
    networks.set(name, network);
    return network;
  };
}

interface Setup {
  readonly addresses: readonly string[];
  readonly routers: readonly string[];
  readonly servers: readonly Address[];
  readonly usesDhcp: boolean;
}

/** `--ipv4=10.0.0.2/24`, `--ipv4-gateway=10.0.0.1`, `--ipv6=fd00::2/64`, `--dns=10.0.0.1`; `--ipv4=dhcp` is what holds without. */
function readSetup(): Setup {
  const values = (name: string) =>
    networkWords()
      .filter((word) => word.startsWith(`--${name}=`))
      .map((word) => word.slice(name.length + 3));
  const ipv4 = values("ipv4");
  return {
    addresses: [...ipv4.filter((value) => value !== "dhcp" && value !== "none"), ...values("ipv6")],
    routers: values("ipv4-gateway"),
    servers: values("dns").map((value) => parseAddress(value)),
    usesDhcp: ipv4.length === 0 || ipv4.includes("dhcp"),
  };
}

function entropy(into: Uint8Array): void {
  if (host.randomBytes(into.buffer as ArrayBuffer, into.byteOffset, into.byteLength) === 1) return;
  // TCP's ports and sequence numbers want what nobody can guess: without a source the clock has to do, as it had before there were any.
  const seed = host.monotonicTime() * 1e6 + host.wallTime();
  for (let i = 0; i < into.length; i++)
    into[i] = Math.floor(Math.random() * 256) ^ (Math.floor(seed) >> (8 * (i % 4)));
}

function createNetwork(device: NetDevice): Network {
  const setup = readSetup();
  const alarm = createAlarm(() => stack.tick());
  const { mac } = device;
  const clock = {
    now: () => host.monotonicTime(),
    wake(at: number) {
      alarm.due = at;
    },
    entropy,
  };
  const link = {
    mtu: device.mtu,
    mac,
    send: (frame: Uint8Array) => device.send(frame),
    sendFirst: (buffer: Uint8Array, length: number) => device.sendFirst(buffer, length),
  };
  const stack = createStack(link, clock, {
    addresses: setup.addresses,
    routers: setup.routers,
    autoconfigure: true,
    probe: setup.usesDhcp,
    prediction,
  });
  device.onFrames(stack.receiveFrom);
  let servers: readonly Address[] = setup.servers;
  let isReady: () => void = () => {};
  const ready = new Promise<void>((resolve) => (isReady = resolve));
  if (!setup.usesDhcp) isReady();
  else {
    createDhcpClient(stack, clock, {
      mac,
      onLease(lease) {
        if (lease === undefined) return;
        if (setup.servers.length === 0) servers = lease.dnsServers;
        isReady();
      },
    });
  }
  return { stack, clock, servers: () => servers, ready };
}

export { formatAddress, parseAddress };
