// A front end for the tests of back ends: memory with a grant table, by offsets of its own, and xenstore where both ends meet.
import { plainMemory, type GuestMemory } from "../../../image/memory.js";
import { createTree } from "../store/tree.js";
import { createApic } from "./apic.js";
import { createBackEnd, type Driver } from "./back-end.js";
import { createEvents } from "./events.js";
import { createGrants } from "./grants.js";
import type { Domain } from "./link.js";
import { createSharedPage } from "./shared-page.js";
import { createUpcalls } from "./upcalls.js";

export const pageSize = 4096;
/** Pages of the memory, what lies where, and the first grant that there is for a page. */
export const pages = { all: 64, shared: 1, grants: 2, rings: 4, data: 16 } as const;
export const refOf = (page: number): number => page;

export const clock = { monotonic: () => 0n, wall: () => 1_000_000_000_000n };

export interface Front {
  readonly memory: GuestMemory;
  /** All of it. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly domain: Domain;
  /** Grants the page of that number, by the reference of the same number. */
  grant(page: number, flags?: number, domain?: number): void;
  write(key: string, value: string | number): void;
  read(key: string): string | undefined;
  /** The state of the back end. */
  state(): string | undefined;
  /** Tells the back end. */
  send(): void;
  isTold(): boolean;
}

export function newFront(make: (domain: Domain) => Driver): Front {
  const memory = plainMemory(pages.all * pageSize);
  const bytes = memory.bytes(0, memory.size) ?? new Uint8Array();
  const view = new DataView(bytes.buffer);
  const page = createSharedPage(memory, clock);
  page.place(pages.shared * pageSize);
  const events = createEvents(page, createUpcalls(createApic(), page));
  const grants = createGrants(memory);
  grants.place(0, pages.grants * pageSize);
  const domain = { memory, events, grants };
  const driver = make(domain);
  let changed = (_path: string): void => {};
  const tree = createTree((path) => changed(path));
  const back = createBackEnd(tree, 3, driver);
  changed = (path) => back.changed(path);
  const folder = `/local/domain/1/device/${driver.type}/3`;
  const port = events.offer(0);
  const front: Front = {
    memory,
    bytes,
    view,
    domain,
    grant(number, flags = 1, to = 0) {
      const at = pages.grants * pageSize + 8 * refOf(number);
      view.setUint16(at, flags, true);
      view.setUint16(at + 2, to, true);
      view.setUint32(at + 4, number, true);
    },
    write: (key, value) => void tree.write(`${folder}/${key}`, `${value}`),
    read: (key) => tree.read(`${folder}/${key}`),
    state: () => tree.read(`/local/domain/0/backend/${driver.type}/1/3/state`),
    send: () => void events.send(port),
    isTold: () => (view.getUint8(pages.shared * pageSize + 2048 + (port >> 3)) & (1 << (port & 7))) !== 0,
  };
  front.write("event-channel", port);
  return front;
}
