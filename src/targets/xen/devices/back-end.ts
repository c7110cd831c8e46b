// The other end of a domain's device, as far as all kinds are alike: the two folders in xenstore, and the states by which both ends
// meet and part. Xen's public header io/xenbus.h; docs/abi.md 11.6.
import { busState, domid } from "../../../abi/xen.js";
import { stateOfParts, type Stateful } from "../../../bytes/plain.js";
import type { StoreTree } from "../store/tree.js";

export const ownDomain = 1;
export const homeOf = (domain: number): string => `/local/domain/${domain}`;

/** What the guest has said of its end. */
export interface Front {
  read(key: string): string | undefined;
  /** Undefined where there is none of 32 bits. */
  number(key: string): number | undefined;
}

/** What a kind of device does. */
export interface Driver {
  readonly type: "vif" | "vbd";
  /** What either end's folder tells from the start. */
  readonly frontKeys: Readonly<Record<string, string>>;
  readonly backKeys: Readonly<Record<string, string>>;
  /** False where what the guest says cannot be used. */
  connect(front: Front): boolean;
  disconnect(): void;
  readonly stateful: Stateful;
}

export interface BackEnd {
  /** A path has been changed. */
  changed(path: string): void;
  readonly stateful: Stateful;
}

export function createBackEnd(tree: StoreTree, number: number, driver: Driver): BackEnd {
  const front = `${homeOf(ownDomain)}/device/${driver.type}/${number}`;
  const back = `${homeOf(domid.backend)}/backend/${driver.type}/${ownDomain}/${number}`;
  let isConnected = false;
  const write = (folder: string, keys: Readonly<Record<string, string | number>>): void => {
    for (const [key, value] of Object.entries(keys)) tree.write(`${folder}/${key}`, `${value}`);
  };
  const settle = (state: number): void => {
    if (tree.read(`${back}/state`) !== `${state}`) write(back, { state });
  };
  const disconnect = (): void => {
    if (isConnected) driver.disconnect();
    isConnected = false;
  };
  const said: Front = {
    read: (key) => tree.read(`${front}/${key}`),
    number(key) {
      const text = said.read(key) ?? "";
      const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      return value < 2 ** 32 ? value : undefined;
    },
  };
  write(back, {
    frontend: front,
    "frontend-id": ownDomain,
    online: 1,
    handle: number,
    ...driver.backKeys,
    state: busState.initWait,
  });
  write(front, {
    backend: back,
    "backend-id": domid.backend,
    handle: number,
    ...driver.frontKeys,
    state: busState.initialising,
  });
  return {
    changed(path) {
      if (path !== `${front}/state`) return;
      switch (said.number("state")) {
        case busState.initialising:
          disconnect();
          return settle(busState.initWait);
        case busState.initialised:
        case busState.connected:
          if (isConnected) return;
          isConnected = driver.connect(said);
          return settle(isConnected ? busState.connected : busState.closing);
        case busState.closing:
          disconnect();
          return settle(busState.closing);
        case busState.closed:
          disconnect();
          return settle(busState.closed);
        default:
      }
    },
    stateful: stateOfParts({
      link: { save: () => isConnected, restore: (saved: boolean) => (isConnected = saved) },
      driver: driver.stateful,
    }),
  };
}
