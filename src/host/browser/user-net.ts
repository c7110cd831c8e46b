// A network without root in a page: a relay makes its connections, or, where there is none, fetch its requests.
import { Solo5Error } from "../../bytes/error.js";
import { fetchSockets } from "../../net/fetch/sockets.js";
import type { HostSockets } from "../../net/user/sockets.js";
import { openUserNet, type UserNet } from "../../net/user/user-net.js";
import type { UserOptions } from "../../net/user/source.js";
import { wispSockets } from "../../net/wisp/sockets.js";

/** What a network without root takes in a page: a relay that makes its connections. */
export interface PageUserOptions extends Omit<UserOptions, "forwards"> {
  /**
   * The WebSocket of a Wisp relay, such as `solo5 relay` is: `wss://relay.example/TOKEN/`. Without one, the unikernel's HTTP to
   * port 80, and to port 443 as HTTPS, goes out by the page's `fetch`, with its rules; everything else is refused.
   */
  readonly relay?: string | undefined;
}

/** The sockets of a relay, and what gives them back. Throws Solo5Error where `relay` is no address of one. */
function relaySockets(relay: string): { readonly sockets: HostSockets; readonly close: () => void } {
  let socket: WebSocket;
  try {
    socket = new WebSocket(relay);
  } catch (cause) {
    throw new Solo5Error("NET", `${relay}: not the address of a WebSocket`, { cause });
  }
  socket.binaryType = "arraybuffer";
  const { sockets, events } = wispSockets({
    send(message) {
      if (socket.readyState === WebSocket.OPEN) socket.send(message as Uint8Array<ArrayBuffer>);
    },
    get waiting() {
      return socket.bufferedAmount;
    },
    close: () => socket.close(),
  });
  socket.addEventListener("message", ({ data }) => events.message(new Uint8Array(data as ArrayBuffer)));
  socket.addEventListener("close", () => events.closed());
  return { sockets, close: () => socket.close() };
}

/**
 * A network whose connections a relay makes, or `fetch`. Ports cannot be forwarded: a page can listen nowhere. Throws Solo5Error where
 * the options are wrong; a relay that is not there is a network from which nothing is reached.
 */
export function createUserNet({ relay, ...options }: PageUserOptions = {}): UserNet {
  const { sockets, close } =
    relay === undefined
      ? { sockets: fetchSockets((...asked) => fetch(...asked)), close: () => {} }
      : relaySockets(relay);
  const net = openUserNet(options, sockets);
  return {
    ...net,
    close() {
      net.close();
      close();
    },
  };
}
