// UDP sockets of Node's as networks without root use them.
import { createSocket, type Socket } from "node:dgram";
import { formatAddress, type Family } from "../../ip/address.js";
import type { HostSockets, UdpEvents, UdpSocket } from "../../net/user/sockets.js";
import { cannotListen, endpointOf } from "./tcp-socket.js";

function open(family: Family, { received, failed }: UdpEvents): { socket: Socket; udp: UdpSocket } {
  const socket = createSocket(family === 4 ? { type: "udp4" } : { type: "udp6", ipv6Only: true });
  let isOpen = true;
  socket.on("message", (bytes, from) => received(bytes, endpointOf(from)));
  socket.on("error", failed);
  return {
    socket,
    udp: {
      // What cannot be sent is lost, as datagrams are.
      send: (bytes, { address, port }) =>
        isOpen && socket.send(bytes, port, formatAddress(address), () => {}),
      close() {
        if (!isOpen) return;
        isOpen = false;
        socket.close();
      },
    },
  };
}

export const openUdp: HostSockets["udp"] = (family, events) => open(family, events).udp;

export const listenUdp =
  (reason: (cause: unknown) => string): HostSockets["listenUdp"] =>
  (at, events) =>
    new Promise((resolve, reject) => {
      const { socket, udp } = open(at.address.length === 4 ? 4 : 6, {
        received: events.received,
        failed() {},
      });
      socket.on("error", (cause) => {
        udp.close();
        reject(cannotListen("udp", at, reason(cause), cause));
        events.failed();
      });
      socket.bind(at.port, formatAddress(at.address), () =>
        resolve({ ...udp, at: endpointOf(socket.address()) }),
      );
    });
