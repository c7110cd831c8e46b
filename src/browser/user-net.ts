// A network without root in a page: a relay makes its connections.
import { Solo5Error } from "../bytes/error.js";
import { openUserNet, type UserNet } from "../net/user/user-net.js";
import type { UserOptions } from "../net/user/source.js";
import type { MessageChannel } from "../net/wisp/packet.js";
import { wispSockets } from "../net/wisp/sockets.js";

/** What a network without root takes in a page: a relay that makes its connections. */
export interface PageUserOptions extends Omit<UserOptions, "forwards"> {
  /** The WebSocket of a Wisp relay, such as `solo5 relay` is: `wss://relay.example/TOKEN/`. */
  readonly relay: string;
}

/**
 * A network whose connections a relay makes. Ports cannot be forwarded: a page can listen nowhere. Throws Solo5Error where
 * the options are wrong; a relay that is not there is a network from which nothing is reached.
 */
export function createUserNet({ relay, ...options }: PageUserOptions): UserNet {
  let socket: WebSocket;
  try {
    socket = new WebSocket(relay);
  } catch (cause) {
    throw new Solo5Error("NET", `${relay}: not the address of a WebSocket`, { cause });
  }
  socket.binaryType = "arraybuffer";
  /** Before it is open nothing is to be said: the relay speaks first. */
  const channel: MessageChannel = {
    send: (message) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(message as Uint8Array<ArrayBuffer>);
    },
    get waiting() {
      return socket.bufferedAmount;
    },
    close: () => socket.close(),
  };
  const { sockets, events } = wispSockets(channel);
  socket.addEventListener("message", ({ data }) => events.message(new Uint8Array(data as ArrayBuffer)));
  socket.addEventListener("close", () => events.closed());
  const net = openUserNet(options, sockets);
  return {
    ...net,
    close() {
      net.close();
      socket.close();
    },
  };
}
