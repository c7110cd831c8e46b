// solo5:udp: datagrams.
import { declareNetwork, defaultDevice, parseAddress } from "./ip";
import { endpoint, type Address } from "./tcp";

export interface BindOptions {
  /** A free one by default. */
  readonly port?: number;
  readonly address?: string;
  readonly device?: string;
}

export interface Datagram {
  readonly data: Uint8Array;
  readonly remote: Address;
  readonly local: Address;
  /** Sends bytes back from the address that it came to. */
  reply(data: Uint8Array): boolean;
}

export interface UdpSocket {
  readonly port: number;
  /** False where there is no way there, or no room. */
  send(data: Uint8Array, to: Address): boolean;
  close(): void;
}

export function bind(
  { port = 0, address, device = defaultDevice }: BindOptions,
  receive: (datagram: Datagram) => void,
): UdpSocket {
  const network = declareNetwork(device)();
  const at = address === undefined ? {} : { address: parseAddress(address) };
  const socket = network.stack.udp.bind({ port, ...at }, ({ local, remote, data }) => {
    receive({
      data,
      remote: endpoint(remote),
      local: endpoint(local),
      reply: (answer) => socket.send(remote, answer, local),
    });
  });
  return {
    port: socket.port,
    send: (data, to) => socket.send({ address: parseAddress(to.address), port: to.port }, data),
    close: () => socket.close(),
  };
}
