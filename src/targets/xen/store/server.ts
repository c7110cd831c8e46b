// The server of a guest's xenstore: what its messages ask for. Xen's docs/misc/xenstore.txt.
import { storeMessageType, storePayloadMax } from "../../../abi/xen.js";
import type { Stateful } from "../../../bytes/plain.js";
import { isBelow, isPath, type StoreError, type StoreTree } from "./tree.js";
import { createWatches } from "./watches.js";

/** A message's payload is text of bytes. */
export interface StoreMessage {
  readonly type: number;
  readonly reqId: number;
  readonly txId: number;
  readonly payload: string;
}

export interface StoreServer {
  /** The answer to a request. */
  answer(request: StoreMessage): StoreMessage;
  /** Told of a path that was changed. */
  changed(path: string): void;
  /** What the guest is to be told, which is taken. */
  takeEvent(): StoreMessage | undefined;
  readonly stateful: Stateful;
}

type Outcome = { readonly payload: string } | { readonly error: StoreError };
const okay: Outcome = { payload: "OK\0" };
const failed = (error: StoreError): Outcome => ({ error });
const outcomeOf = (error: StoreError | undefined): Outcome => (error === undefined ? okay : failed(error));

/** Arguments up to a NUL each; the last need not have one. */
const split = (payload: string): readonly string[] =>
  (payload.endsWith("\0") ? payload.slice(0, -1) : payload).split("\0");

/** What a message asks for: its payload behind the path, where it has one. */
type Act = (path: string, rest: string, txId: number) => Outcome;

/** Messages on a path, by type; `isWrite` where the guest must be allowed to change it. */
function pathActs(
  tree: StoreTree,
  home: string,
  ownDomain: number,
): Readonly<Record<number, { readonly isWrite?: true; readonly act: Act }>> {
  const type = storeMessageType;
  const existing =
    (found: (value: string) => Outcome): Act =>
    (path, _rest, txId) => {
      const value = tree.read(path, txId);
      return value === undefined ? failed("ENOENT") : found(value);
    };
  return {
    [type.read]: { act: existing((payload) => ({ payload })) },
    [type.getPerms]: { act: existing(() => ({ payload: `n${ownDomain}\0` })) },
    [type.setPerms]: { isWrite: true, act: existing(() => okay) },
    [type.directory]: {
      act(path, _rest, txId) {
        const names = tree.children(path, txId)?.map((name) => `${name}\0`);
        if (names === undefined) return failed("ENOENT");
        const payload = names.join("");
        return payload.length > storePayloadMax ? failed("E2BIG") : { payload };
      },
    },
    [type.write]: { isWrite: true, act: (path, value, txId) => outcomeOf(tree.write(path, value, txId)) },
    [type.mkdir]: {
      isWrite: true,
      act: (path, _rest, txId) =>
        tree.read(path, txId) === undefined ? outcomeOf(tree.write(path, "", txId)) : okay,
    },
    [type.rm]: {
      isWrite: true,
      act: (path, _rest, txId) => (path === home ? failed("EACCES") : outcomeOf(tree.remove(path, txId))),
    },
  };
}

/** `home` is the guest's folder, the only one that it may write. */
export function createServer(tree: StoreTree, home: string, ownDomain: number): StoreServer {
  const watches = createWatches(home);
  const acts = pathActs(tree, home, ownDomain);
  const absolute = (path: string): string => (path.startsWith("/") ? path : `${home}/${path}`);

  const watch = (payload: string, isOn: boolean): Outcome => {
    const [given = "", token = ""] = split(payload);
    const path = given.startsWith("@") ? given : absolute(given);
    if (!given.startsWith("@") && !isPath(path)) return failed("EINVAL");
    return outcomeOf(isOn ? watches.add(path, given, token) : watches.remove(given, token));
  };
  const perform = ({ type, txId, payload }: StoreMessage): Outcome => {
    if (txId !== 0 && !tree.isTransaction(txId)) return failed("ENOENT");
    const onPath = acts[type];
    if (onPath !== undefined) {
      const end = payload.indexOf("\0");
      const path = absolute(end < 0 ? payload : payload.slice(0, end));
      if (!isPath(path)) return failed("EINVAL");
      if (onPath.isWrite === true && !isBelow(path, home)) return failed("EACCES");
      return onPath.act(path, end < 0 ? "" : payload.slice(end + 1), txId);
    }
    switch (type) {
      case storeMessageType.transactionStart: {
        const id = tree.begin();
        return id === undefined ? failed("ENOSPC") : { payload: `${id}\0` };
      }
      case storeMessageType.transactionEnd:
        return outcomeOf(tree.end(txId, payload.startsWith("T")));
      case storeMessageType.watch:
        return watch(payload, true);
      case storeMessageType.unwatch:
        return watch(payload, false);
      case storeMessageType.resetWatches:
        watches.clear();
        return okay;
      case storeMessageType.getDomainPath:
        return { payload: `/local/domain/${Number.parseInt(payload, 10) || 0}\0` };
      case storeMessageType.isDomainIntroduced:
        return { payload: "T\0" };
      default:
        return failed("ENOSYS");
    }
  };
  return {
    answer(request) {
      const { type, reqId, txId } = request;
      const outcome = perform(request);
      return "error" in outcome
        ? { type: storeMessageType.error, reqId, txId, payload: `${outcome.error}\0` }
        : { type, reqId, txId, payload: outcome.payload };
    },
    changed: (path) => watches.changed(path),
    takeEvent() {
      const event = watches.take();
      if (event === undefined) return undefined;
      const payload = `${event.path}\0${event.token}\0`;
      return { type: storeMessageType.watchEvent, reqId: 0, txId: 0, payload };
    },
    stateful: watches.stateful,
  };
}
