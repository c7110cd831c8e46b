// The unikernel's datagrams by sockets of the host's (RFC 4787): one socket for each port of the unikernel's, whatever it sends
// to (4.1), which takes answers from whom it has sent to only (5). And the host's ports that lead to the unikernel's.
import { formatAddress, type Address, type Family } from "../../ip/address.js";
import type { Datagram, Udp } from "../../ip/udp.js";
import { createFlows, type Flows } from "./flows.js";
import type { Reach } from "./reach.js";
import type { Endpoint, HostSockets, Listening, UdpSocket } from "./sockets.js";

/** RFC 4787, 4.3: two minutes at least; but for DNS, whose answers come soon or never. */
const idleMsecs = { dns: 10_000, other: 120_000 } as const;
const dnsPort = 53;
const most = { flows: 2048, peers: 256 } as const;

interface Flow {
  readonly socket: UdpSocket;
  /** By the endpoint that an answer comes from: what the unikernel knows it as. */
  readonly peers: Map<string, Endpoint>;
}

export interface UdpNat {
  /** Takes what the unikernel sends to somebody else; false where it may not. */
  send(datagram: Datagram): boolean;
  /** Leads datagrams to `at` to the unikernel's `port`. Rejects where it cannot listen. */
  forward(at: Endpoint, guest: () => Address, port: number): Promise<Listening>;
  sweep(): void;
  close(): void;
}

const keyOf = ({ address, port }: Endpoint): string => `${formatAddress(address)} ${port}`;
const isDns = ({ peers }: Flow): boolean => [...peers.values()].every(({ port }) => port === dnsPort);

/** `answer` sends to the unikernel as if from `local`. `gateway` is the address that outsiders appear under. */
export function createUdpNat(
  udp: Udp,
  gateway: Address,
  sockets: HostSockets,
  reach: Reach,
  answer: (guest: Endpoint, bytes: Uint8Array, local: Endpoint) => void,
  now: () => number,
): UdpNat {
  const flows = createFlows<Flow>(
    { most: most.flows, idleMsecs: (flow) => (isDns(flow) ? idleMsecs.dns : idleMsecs.other) },
    now,
    ({ socket }) => socket.close(),
  );

  const forwards = new Set<Flows<ReturnType<Udp["bind"]>>>();

  const open = (guest: Endpoint, key: string, family: Family): Flow => {
    const peers: Flow["peers"] = new Map();
    const socket = sockets.udp(family, {
      received(bytes, from) {
        const local = peers.get(keyOf(from));
        if (local === undefined) return;
        flows.get(key);
        answer(guest, bytes, local);
      },
      failed: () => flows.remove(key),
    });
    const flow = { socket, peers };
    flows.add(key, flow);
    return flow;
  };

  return {
    send({ local, remote, data, group }) {
      if (group) return true;
      const to = reach(local);
      if (to === undefined) return false;
      const guest = { address: Uint8Array.from(remote.address), port: remote.port };
      const key = keyOf(guest);
      const { socket, peers } = flows.get(key) ?? open(guest, key, to.address.length === 4 ? 4 : 6);
      const peer = keyOf(to);
      // Who has been sent to last is who answers.
      peers.delete(peer);
      if (peers.size >= most.peers) peers.delete(peers.keys().next().value ?? "");
      peers.set(peer, { address: Uint8Array.from(local.address), port: local.port });
      socket.send(data, to);
      return true;
    },

    async forward(at, guest, port) {
      /** Each outsider has a port of the gateway's. */
      const outsiders = createFlows<ReturnType<Udp["bind"]>>(
        { most: most.flows, idleMsecs: () => idleMsecs.other },
        now,
        (bound) => bound.close(),
      );
      forwards.add(outsiders);
      const listening = await sockets.listenUdp(at, {
        received(bytes, from) {
          const key = keyOf(from);
          let bound = outsiders.get(key);
          if (bound === undefined) {
            bound = udp.bind({ address: gateway }, ({ data }) => {
              outsiders.get(key);
              listening.send(data, from);
            });
            outsiders.add(key, bound);
          }
          bound.send({ address: guest(), port }, bytes);
        },
        failed() {},
      });
      return {
        at: listening.at,
        close() {
          listening.close();
          outsiders.close();
          forwards.delete(outsiders);
        },
      };
    },

    sweep() {
      for (const one of [flows, ...forwards]) one.sweep(now());
    },

    close() {
      flows.close();
      for (const one of forwards) one.close();
    },
  };
}
