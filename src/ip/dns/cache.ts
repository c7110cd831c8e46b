// Answers of DNS as long as they say (RFC 1035, 3.2.1), those included that there is no such name (RFC 2308).
import { Solo5Error } from "../../bytes/error.js";
import type { DnsRecord } from "./message.js";

const cacheMax = 256;
/** RFC 2308, 5: how long a missing name stays missing where nothing says; and RFC 8767's bound on long ones. */
const [negativeSecs, ttlMaxSecs] = [30, 86_400];

type Records = readonly DnsRecord[];

/** No server knows the name. */
export class NoSuchName extends Solo5Error {
  constructor(name: string) {
    super("DNS", `no such name: ${name}`);
  }
}

export interface Cache {
  /** What is known, or what `query` says, which is asked once however many wait for it. */
  get(key: string, query: () => Promise<Records>): Promise<Records>;
  clear(): void;
}

export function createCache(now: () => number): Cache {
  /** Oldest first. */
  const cache = new Map<string, { readonly until: number; readonly records: Records | NoSuchName }>();
  const running = new Map<string, Promise<Records>>();
  const keep = (key: string, records: Records | NoSuchName, secs: number): void => {
    if (cache.size >= cacheMax) for (const oldest of cache.keys()) { cache.delete(oldest); break; } // prettier-ignore
    cache.delete(key);
    cache.set(key, { until: now() + secs * 1000, records });
  };
  const ask = async (key: string, query: () => Promise<Records>): Promise<Records> => {
    try {
      const records = await query();
      keep(key, records, secondsOf(records));
      return records;
    } catch (error) {
      if (error instanceof NoSuchName) keep(key, error, negativeSecs);
      throw error;
    } finally {
      running.delete(key);
    }
  };
  return {
    get(key, query) {
      const known = cache.get(key);
      if (known !== undefined && known.until > now())
        return known.records instanceof Error
          ? Promise.reject(known.records)
          : Promise.resolve(known.records);
      const asked = running.get(key) ?? ask(key, query);
      running.set(key, asked);
      return asked;
    },
    clear: () => cache.clear(),
  };
}

const secondsOf = (records: Records): number =>
  records.length === 0 ? negativeSecs : records.reduce((least, { ttl }) => Math.min(least, ttl), ttlMaxSecs);
