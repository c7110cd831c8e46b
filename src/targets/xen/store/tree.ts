// Xenstore's tree: names with values, changes that are told to whoever watches, and transactions, which see nothing of others and are
// refused where others have changed anything meanwhile. Xen's docs/misc/xenstore.txt.
import type { Stateful } from "../../../bytes/plain.js";

/** Values by absolute path, as text of bytes. Every node's parent is there. */
type Nodes = Map<string, string>;

/** A guest may have so many, and values so long. */
export const limits = { nodes: 2000, value: 2048, path: 3072, transactions: 10 } as const;

export type StoreError = "ENOENT" | "EINVAL" | "EACCES" | "ENOSPC" | "EAGAIN" | "E2BIG" | "EEXIST" | "ENOSYS";

interface Transaction {
  readonly base: number;
  readonly nodes: Nodes;
  readonly changed: Set<string>;
}

const legal = /^\/(?:[\w\-@]+(?:\/[\w\-@]+)*)?$/;
export const isPath = (path: string): boolean => path.length <= limits.path && legal.test(path);
export const isBelow = (path: string, folder: string): boolean =>
  path === folder || folder === "/" || path.startsWith(`${folder}/`);
const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf("/"), 1));

export interface StoreTree {
  /** `transaction` 0 is none. Each gives an error's name where it cannot be. */
  read(path: string, transaction?: number): string | undefined;
  children(path: string, transaction?: number): readonly string[] | undefined;
  write(path: string, value: string, transaction?: number): StoreError | undefined;
  /** With all below it. */
  remove(path: string, transaction?: number): StoreError | undefined;
  begin(): number | undefined;
  end(transaction: number, isCommit: boolean): StoreError | undefined;
  isTransaction(transaction: number): boolean;
  readonly stateful: Stateful;
}

/** `changed` is told of every path that was written or removed, in order. */
export function createTree(changed: (path: string) => void): StoreTree {
  let nodes: Nodes = new Map([["/", ""]]);
  let generation = 0;
  let last = 0;
  const transactions = new Map<number, Transaction>();
  const nodesOf = (transaction = 0): Nodes => transactions.get(transaction)?.nodes ?? nodes;
  const note = (path: string, transaction = 0): void => {
    const one = transactions.get(transaction);
    if (one !== undefined) one.changed.add(path);
    else {
      generation++;
      changed(path);
    }
  };
  return {
    read: (path, transaction) => nodesOf(transaction).get(path),
    children(path, transaction) {
      const all = nodesOf(transaction);
      if (!all.has(path)) return undefined;
      const prefix = path === "/" ? "/" : `${path}/`;
      return [...all.keys()]
        .filter((one) => one.startsWith(prefix) && one.length > prefix.length)
        .map((one) => one.slice(prefix.length))
        .filter((one) => !one.includes("/"));
    },
    write(path, value, transaction) {
      const all = nodesOf(transaction);
      if (value.length > limits.value) return "E2BIG";
      const missing: string[] = [];
      for (let at = path; !all.has(at); at = parentOf(at)) missing.push(at);
      if (all.size + missing.length > limits.nodes) return "ENOSPC";
      for (const one of missing.toReversed()) all.set(one, "");
      all.set(path, value);
      note(path, transaction);
      return undefined;
    },
    remove(path, transaction) {
      const all = nodesOf(transaction);
      if (path === "/") return "EINVAL";
      // What is not there is removed where its parent is.
      if (!all.has(path)) return all.has(parentOf(path)) ? undefined : "ENOENT";
      for (const one of all.keys()) if (isBelow(one, path)) all.delete(one);
      note(path, transaction);
      return undefined;
    },
    begin() {
      if (transactions.size >= limits.transactions) return undefined;
      last = (last + 1) >>> 0 || 1;
      transactions.set(last, { base: generation, nodes: new Map(nodes), changed: new Set() });
      return last;
    },
    end(transaction, isCommit) {
      const one = transactions.get(transaction);
      if (one === undefined) return "ENOENT";
      transactions.delete(transaction);
      if (!isCommit || one.changed.size === 0) return undefined;
      if (one.base !== generation) return "EAGAIN";
      ({ nodes } = one);
      for (const path of one.changed) note(path);
      return undefined;
    },
    isTransaction: (transaction) => transactions.has(transaction),
    stateful: {
      save: () => ({
        nodes: [...nodes],
        generation,
        last,
        transactions: [...transactions].map(([id, { base, nodes: own, changed: paths }]) => [
          id,
          { base, nodes: [...own], changed: [...paths] },
        ]) as never,
      }),
      restore(saved: {
        nodes: [string, string][];
        generation: number;
        last: number;
        transactions: [number, { base: number; nodes: [string, string][]; changed: string[] }][];
      }) {
        ({ generation, last } = saved);
        nodes = new Map(saved.nodes);
        transactions.clear();
        for (const [id, { base, nodes: own, changed: paths }] of saved.transactions)
          transactions.set(id, { base, nodes: new Map(own), changed: new Set(paths) });
      },
    },
  };
}
