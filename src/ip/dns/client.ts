// A DNS client that asks recursive servers: which, how often, and what the answers mean (RFC 1034, 5.3).
import { Solo5Error } from "../../bytes/error.js";
import { tryParseAddress, type Address } from "../address.js";
import type { Host } from "../host.js";
import type { Stack } from "../stack.js";
import { get16 } from "../wire.js";
import { createCache, NoSuchName } from "./cache.js";
import { ask, type Way } from "./exchange.js";
import { classIn, queryFor, recordType, responseCode, type DnsRecord } from "./message.js";

export interface DnsClientOptions {
  /** Tried in this order. */
  readonly servers: () => readonly Address[];
  readonly timeoutMsecs?: number;
  /** Rounds over all servers. */
  readonly attempts?: number;
}

export interface DnsClient {
  /** The answer's records for a name. Rejects with Solo5Error `DNS`: no such name, no answer, refused. */
  query(name: string, type: number): Promise<readonly DnsRecord[]>;
  /** The addresses of a name, IPv6 first where the stack has any; a literal address is itself. */
  resolve(name: string): Promise<readonly Address[]>;
  close(): void;
}

export function createDnsClient(stack: Stack, host: Host, options: DnsClientOptions): DnsClient {
  const { servers, timeoutMsecs = 2000, attempts = 2 } = options;
  const way: Way = { stack, host, timeoutMsecs };
  const cache = createCache(() => host.now());
  const query = (name: string, type: number): Promise<readonly DnsRecord[]> =>
    cache.get(`${type} ${name.toLowerCase()}`, () => askAll(way, servers, attempts, name, type));

  return {
    query,
    async resolve(name) {
      const literal = tryParseAddress(name);
      if (literal !== undefined) return [literal];
      const has6 = stack.addresses.some(({ address }) => address.length === 16 && address[0] !== 0xfe);
      const types = has6 ? [recordType.aaaa, recordType.a] : [recordType.a];
      const results = await Promise.allSettled(types.map((type) => query(name, type)));
      const found = results.flatMap((result, i) =>
        result.status === "rejected" ? [] : addressesOf(result.value, name, types[i] as number),
      );
      if (found.length > 0) return found;
      const failed = results.find((result) => result.status === "rejected");
      throw failed?.reason ?? new Solo5Error("DNS", `no address for ${name}`);
    },
    close: () => cache.clear(),
  };
}

/** One server after the other, until one has an answer. */
async function askAll(
  way: Way,
  servers: () => readonly Address[],
  attempts: number,
  name: string,
  type: number,
): Promise<readonly DnsRecord[]> {
  for (let attempt = 0; attempt < attempts; attempt++)
    for (const server of servers()) {
      const answer = await ask(way, server, queryFor(random16(way.host), name, type));
      if (answer?.code === responseCode.ok) return answer.answers;
      if (answer?.code === responseCode.noName) throw new NoSuchName(name);
    }
  const reason = servers().length === 0 ? `no DNS server to ask for ${name}` : `no answer for ${name}`;
  throw new Solo5Error("DNS", reason);
}

function random16(host: Host): number {
  const bytes = new Uint8Array(2);
  host.entropy(bytes);
  return get16(bytes, 0);
}

/** Along the aliases that the answer has (RFC 1034, 3.6.2). */
function addressesOf(records: readonly DnsRecord[], name: string, type: number): Address[] {
  const size = type === recordType.a ? 4 : 16;
  const names = new Set([name.toLowerCase()]);
  for (let grown = true; grown;) {
    grown = false;
    for (const record of records) {
      const target = record.target?.toLowerCase();
      if (
        record.type === recordType.cname &&
        target !== undefined &&
        names.has(record.name.toLowerCase()) &&
        !names.has(target)
      ) {
        names.add(target);
        grown = true;
      }
    }
  }
  return records
    .filter(
      (record) =>
        record.type === type &&
        record.class === classIn &&
        record.data.length === size &&
        names.has(record.name.toLowerCase()),
    )
    .map(({ data }) => data);
}
