// Who is at the other ends of a domain's devices, and the xenstore where they meet. docs/abi.md 11.6.
import { sectorSize } from "../../../abi/xen.js";
import { Solo5Error } from "../../../bytes/error.js";
import { stateOfList, stateOfParts, type Stateful } from "../../../bytes/plain.js";
import type { Guest, GuestHost } from "../../contract.js";
import { createServer, type StoreServer } from "../store/server.js";
import { createTree } from "../store/tree.js";
import { createBackEnd, homeOf, ownDomain, type BackEnd } from "./back-end.js";
import { createBlockBack } from "./block-back.js";
import type { Domain } from "./link.js";
import { createNetBack, type NetBack } from "./net-back.js";

export interface Peers {
  readonly nets: readonly NetBack[];
  readonly server: StoreServer;
  readonly stateful: Stateful;
}

/** Numbers of disks are those of the devices that Linux would call xvda and so on. */
const diskNumber = (index: number): number =>
  index < 16 ? (202 << 8) | (index << 4) : (1 << 28) | (index << 8);

/** Throws Solo5Error `BLOCK_SIZE`. */
export function createPeers({ memSize, devices }: Guest, domain: Domain, host: GuestHost): Peers {
  const { deviceTrace } = host;
  const home = homeOf(ownDomain);
  let server: StoreServer | undefined;
  const backs: BackEnd[] = [];
  const nets: NetBack[] = [];
  const tree = createTree((path) => {
    server?.changed(path);
    for (const back of backs) back.changed(path);
  });
  tree.write(`${home}/domid`, `${ownDomain}`);
  tree.write(`${home}/name`, "guest");
  tree.write(`${home}/memory/target`, `${memSize / 1024}`);
  for (const { name, handle, ...device } of devices) {
    if (device.type === "NET_BASIC") {
      const mac = device.mac ?? new Uint8Array(6);
      const net = createNetBack(name, found(host.nets, handle), mac, domain, deviceTrace);
      backs.push(createBackEnd(tree, nets.push(net) - 1, net));
      continue;
    }
    const block = found(host.blocks, handle);
    if (block.blockSize !== sectorSize) {
      const why = `xen has blocks of ${sectorSize} bytes, not ${block.blockSize}`;
      throw new Solo5Error("BLOCK_SIZE", `${name}: ${why}`);
    }
    const number = diskNumber(backs.length - nets.length);
    backs.push(createBackEnd(tree, number, createBlockBack(name, number, block, domain, deviceTrace)));
  }
  server = createServer(tree, home, ownDomain);
  return {
    nets,
    server,
    stateful: stateOfParts({
      tree: tree.stateful,
      server: server.stateful,
      backs: stateOfList(backs.map(({ stateful }) => stateful)),
    }),
  };
}

function found<T>(devices: ReadonlyMap<number, T>, handle: number): T {
  const device = devices.get(handle);
  if (device === undefined) throw new RangeError(`nothing is attached to handle ${handle}`);
  return device;
}
