// The ports of connections that the stack begins (RFC 6056).
import { Solo5Error } from "../../bytes/error.js";
import type { Address } from "../address.js";
import { random32 } from "../nic.js";
import { dynamicPorts, type Endpoint } from "../udp.js";
import { equal } from "../wire.js";
import { find, initialNumbers, portOffset, type Layer } from "./layer.js";
import { toClosed } from "./lifecycle.js";
import { after } from "./sequence.js";
import { state } from "./states.js";

export interface Ports {
  /** A free one for connections from `local` to `remote`: for every destination in another order, that nobody foresees (3.3.4). Throws Solo5Error `PORT`. */
  choose(local: Address, remote: Endpoint): number;
  /** Whether there is no such connection; one that is done with is thrown out. */
  isFree(local: Address, port: number, remote: Endpoint): boolean;
}

const reuseMsecs = 1000;

export function createPorts(layer: Layer, isListening: (port: number) => boolean): Ports {
  let [opened, offset] = [random32(layer.nic), 0];
  let lastTo: Endpoint = { address: new Uint8Array(0), port: -1 };
  let lastFrom: Address = lastTo.address;
  const choose = (local: Address, remote: Endpoint): number => {
    // Mostly it goes where it went before.
    if (remote.port !== lastTo.port || !equal(remote.address, lastTo.address) || !equal(local, lastFrom)) {
      offset = portOffset(layer, local, remote.address, remote.port);
      [lastTo, lastFrom] = [{ address: remote.address.slice(), port: remote.port }, local];
    }
    const start = offset + opened++;
    for (let i = 0; i < dynamicPorts.count; i++) {
      const port = dynamicPorts.first + ((start + i) % dynamicPorts.count);
      if (isFree(local, port, remote) && !isListening(port)) return port;
    }
    throw new Solo5Error("PORT", "no free TCP port for this destination");
  };
  /**
   * A connection in TIME-WAIT gives way to a new one whose numbers are all later (RFC 6191, 2, seen from the other end): the
   * sequence numbers by their clock, the timestamps after a second. Else a thousand connections a second would use up the ports.
   */
  const isFree = (local: Address, port: number, remote: Endpoint): boolean => {
    const old = find(layer, local, port, remote.address, remote.port);
    if (old === undefined) return true;
    if (old.state !== state.timeWait || !old.timestamps) return false;
    const age = layer.nic.now() - (old.idleAt - layer.limits.timeWaitMsecs);
    if (
      age < reuseMsecs ||
      !after(initialNumbers(layer, local, port, remote.address, remote.port)[0], old.max)
    )
      return false;
    toClosed(layer, old);
    return true;
  };

  return { choose, isFree };
}
