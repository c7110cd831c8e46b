// What is kept for as long as somebody uses it, and no more of it than a bound: who has been silent longest gives way.

export interface Flows<T> {
  get(key: string): T | undefined;
  add(key: string, flow: T): void;
  remove(key: string): void;
  /** Ends those that have been silent for too long. */
  sweep(now: number): void;
  close(): void;
}

/** `close` ends a flow; times are milliseconds. */
export function createFlows<T>(
  { most, idleMsecs }: { readonly most: number; readonly idleMsecs: (flow: T) => number },
  now: () => number,
  close: (flow: T) => void,
): Flows<T> {
  /** In the order of their last use. */
  const flows = new Map<string, { readonly flow: T; used: number }>();
  const remove = (key: string): void => {
    const entry = flows.get(key);
    flows.delete(key);
    if (entry !== undefined) close(entry.flow);
  };
  return {
    remove,
    get(key) {
      const entry = flows.get(key);
      if (entry === undefined) return undefined;
      flows.delete(key);
      flows.set(key, entry);
      entry.used = now();
      return entry.flow;
    },
    add(key, flow) {
      const [oldest] = flows.keys();
      if (flows.size >= most && oldest !== undefined) remove(oldest);
      flows.set(key, { flow, used: now() });
    },
    sweep(at) {
      for (const [key, { flow, used }] of flows) if (at - used >= idleMsecs(flow)) remove(key);
    },
    close() {
      for (const key of flows.keys()) remove(key);
    },
  };
}
