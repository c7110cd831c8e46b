// A network without root: a gateway in this process, behind which a unikernel reaches what its host reaches, and the host's ports
// lead to the unikernel's.
import { formatAddress, parseAddress, type Address } from "../../ip/index.js";
import { Solo5Error } from "../../bytes/error.js";
import type { NetDevice } from "../contract.js";
import type { OpenNet } from "../opener.js";
import { defaultListen, readUserOptions } from "./options.js";
import { createReach } from "./reach.js";
import { serveDhcp } from "./dhcp-service.js";
import { serveNames } from "./name-service.js";
import type { Endpoint, HostSockets, Listening } from "./sockets.js";
import type { Forward, UserOptions, UserSource } from "./source.js";
import { createStackPort } from "./stack-port.js";
import { createTcpNat } from "./tcp-nat.js";
import { createUdpNat } from "./udp-nat.js";

/** A port of the host's that leads to the unikernel, and where it is. */
export interface OpenForward {
  readonly address: string;
  readonly port: number;
  /** Takes no more connections; those that there are go on. */
  close(): void;
}

/** A network without root, as an object. */
export interface UserNet {
  /** For one unikernel. */
  readonly device: NetDevice;
  /** Rejects with Solo5Error `NET` where the host's port is taken. */
  forward(forward: Forward): Promise<OpenForward>;
  close(): void;
}

/** How often it is looked for what has been silent for too long. */
const sweepMsecs = 10_000;

/** A prefix of the gateway's own (RFC 4193), different where its addresses of IPv4 are. */
const prefix6 = (gateway: Address): Address =>
  Uint8Array.of(0xfd, 0x50, 0x10, 0x05, ...gateway, 0, 0, 0, 0, 0, 0, 0, 0);
const routerHost = 1;

/** Throws Solo5Error `NET` where the options are wrong. */
export function openUserNet(options: UserOptions, sockets: HostSockets): UserNet {
  const network = readUserOptions(options);
  const { gateway, guest, mtu, prefixLength } = network;
  const address6 = prefix6(gateway).fill(routerHost, 15);
  const mac = Uint8Array.of(2, 0, ...gateway);
  const port = createStackPort(mac, mtu, {
    addresses: [`${formatAddress(gateway)}/${prefixLength}`, `${formatAddress(address6)}/64`],
    anyAddress: true,
    probe: false,
    advertise: { prefixes: [{ address: prefix6(gateway), length: 64 }], dnsServers: [address6] },
    tcp: { timeWaitMsecs: 2000, halfOpen: 1024 },
  });
  const { stack } = port;
  const own = [gateway, address6];
  const now = (): number => performance.now();
  const reach = createReach(
    network,
    () => [...own, ...stack.addresses.map(({ address }) => address)],
    sockets,
  );
  const tcp = createTcpNat(stack.tcp, gateway, sockets, reach, now);
  const udp = createUdpNat(
    stack.udp,
    gateway,
    sockets,
    reach,
    (to, bytes, from) => void outside.send(to, bytes, from),
    now,
  );
  const outside = stack.udp.bind({ port: "any" }, udp.send);
  serveDhcp(stack, network);
  serveNames(stack, network, own, sockets);
  // Only the gateway itself answers: of others nobody knows whether they are there.
  stack.icmp.onRequest = ({ local }) =>
    !stack.addresses.some(({ address }) => formatAddress(address) === formatAddress(local));
  const sweep = setInterval(() => {
    tcp.sweep();
    udp.sweep();
  }, sweepMsecs);

  const open = new Set<Listening>();
  let isClosed = false;
  return {
    device: port.device,
    async forward({ protocol, address = defaultListen, hostPort, guestPort }) {
      const at: Endpoint = { address: parseAddress(address), port: hostPort };
      const listening = await (protocol === "tcp" ? tcp : udp).forward(at, () => guest, guestPort);
      if (isClosed) {
        listening.close();
        throw new Solo5Error("NET", "the network is closed");
      }
      open.add(listening);
      return {
        address: formatAddress(listening.at.address),
        port: listening.at.port,
        close() {
          open.delete(listening);
          listening.close();
        },
      };
    },
    close() {
      isClosed = true;
      clearInterval(sweep);
      for (const listening of open) listening.close();
      tcp.close();
      udp.close();
      port.close();
    },
  };
}

/** For whoever opens what a command line names: says where it listens. */
export const userOpener =
  (sockets: HostSockets): OpenNet<UserSource> =>
  (source, { say, failed }) => {
    const net = openUserNet(source, sockets);
    let isClosed = false;
    for (const forward of source.forwards ?? [])
      net.forward(forward).then(
        ({ address, port }) => say(listens(forward, address, port)),
        (error: Error) => isClosed || failed(error.message),
      );
    return Object.assign(net.device, {
      close() {
        isClosed = true;
        net.close();
      },
    });
  };

const listens = ({ protocol, guestPort }: Forward, address: string, port: number): string =>
  `${protocol} ${address.includes(":") ? `[${address}]` : address}:${port} leads to port ${guestPort} of the unikernel`;
