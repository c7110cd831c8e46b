// A DNS client that asks recursive servers (RFC 1035, 7; RFC 5452 against forged answers), over UDP, and over TCP what does not
// fit (RFC 7766). Answers are kept as long as they say.
import { Solo5Error } from "../../bytes/error.js";
import { tryParseAddress, type Address } from "../address.js";
import type { Host } from "../host.js";
import type { Stack } from "../stack.js";
import { concat, get16 } from "../wire.js";
import { u16 } from "../dhcp/message.js";
import {
  classIn,
  dnsPort,
  queryFor,
  readDns,
  recordType,
  responseCode,
  writeDns,
  type DnsMessage,
  type DnsRecord,
} from "./message.js";

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

const cacheMax = 256;
/** RFC 2308, 5: how long a missing name stays missing where nothing says; and RFC 8767's bound on long ones. */
const [negativeSecs, ttlMaxSecs] = [30, 86_400];

interface Cached {
  readonly until: number;
  readonly records: readonly DnsRecord[] | Solo5Error;
}

export function createDnsClient(stack: Stack, host: Host, options: DnsClientOptions): DnsClient {
  const { servers, timeoutMsecs = 2000, attempts = 2 } = options;
  const cache = new Map<string, Cached>();
  const running = new Map<string, Promise<readonly DnsRecord[]>>();

  const random16 = (): number => {
    const bytes = new Uint8Array(2);
    host.entropy(bytes);
    return get16(bytes, 0);
  };

  /** The answer of one server, or undefined where none came in time. A port of its own for each question (RFC 5452, 9.2). */
  const ask = (server: Address, query: DnsMessage): Promise<DnsMessage | undefined> =>
    new Promise((resolve) => {
      const data = writeDns(query);
      const done = (answer: DnsMessage | undefined): void => {
        socket.close();
        alarm.set(Infinity);
        resolve(answer);
      };
      const alarm = stack.alarm(() => done(undefined));
      const socket = stack.udp.bind({}, ({ remote, data: came }) => {
        if (remote.port !== dnsPort || remote.address.join() !== server.join()) return;
        const answer = readDns(came);
        if (answer === undefined || !belongs(query, answer)) return;
        if (!answer.truncated) done(answer);
        else {
          alarm.set(Infinity);
          socket.close();
          askTcp(stack, server, data, timeoutMsecs, host).then(
            (whole) => resolve(whole !== undefined && belongs(query, whole) ? whole : answer),
            () => resolve(answer),
          );
        }
      });
      socket.onError = () => done(undefined);
      alarm.set(host.now() + timeoutMsecs);
      socket.send({ address: server, port: dnsPort }, data);
    });

  const query = async (name: string, type: number): Promise<readonly DnsRecord[]> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const server of servers()) {
        const answer = await ask(server, queryFor(random16(), name, type));
        if (
          answer === undefined ||
          answer.code === responseCode.failure ||
          answer.code === responseCode.refused
        )
          continue;
        if (answer.code === responseCode.ok) return answer.answers;
        if (answer.code === responseCode.noName) throw new Solo5Error("DNS", `no such name: ${name}`);
      }
    }
    throw new Solo5Error(
      "DNS",
      servers().length === 0 ? `no DNS server to ask for ${name}` : `no answer for ${name}`,
    );
  };

  const cached = (name: string, type: number): Promise<readonly DnsRecord[]> => {
    const key = `${type} ${name.toLowerCase()}`;
    const known = cache.get(key);
    if (known !== undefined && known.until > host.now())
      return known.records instanceof Solo5Error
        ? Promise.reject(known.records)
        : Promise.resolve(known.records);
    const already = running.get(key);
    if (already !== undefined) return already;
    const keep = (records: Cached["records"], secs: number): void => {
      running.delete(key);
      if (cache.size >= cacheMax) for (const oldest of cache.keys()) { cache.delete(oldest); break; } // prettier-ignore
      cache.delete(key);
      cache.set(key, { until: host.now() + secs * 1000, records });
    };
    const asked = query(name, type).then(
      (records) => {
        keep(
          records,
          records.length === 0
            ? negativeSecs
            : records.reduce((least, { ttl }) => Math.min(least, ttl), ttlMaxSecs),
        );
        return records;
      },
      (error: unknown) => {
        running.delete(key);
        if (error instanceof Solo5Error && error.message.startsWith("no such name"))
          keep(error, negativeSecs);
        throw error;
      },
    );
    running.set(key, asked);
    return asked;
  };

  return {
    query: cached,
    async resolve(name) {
      const literal = tryParseAddress(name);
      if (literal !== undefined) return [literal];
      const has6 = stack.addresses.some(({ address }) => address.length === 16 && address[0] !== 0xfe);
      const types = has6 ? [recordType.aaaa, recordType.a] : [recordType.a];
      const results = await Promise.allSettled(types.map((type) => cached(name, type)));
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

/** RFC 5452, 9.1: the answer to this question and no other. */
function belongs(query: DnsMessage, answer: DnsMessage): boolean {
  const [asked] = query.questions;
  const [told] = answer.questions;
  if (!answer.response || answer.id !== query.id || answer.questions.length !== 1) return false;
  return (
    told?.type === asked?.type &&
    told?.class === asked?.class &&
    told?.name.toLowerCase() === asked?.name.toLowerCase()
  );
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

/** RFC 1035, 4.2.2: a length before each message. */
function askTcp(
  stack: Stack,
  server: Address,
  query: Uint8Array,
  timeoutMsecs: number,
  host: Host,
): Promise<DnsMessage | undefined> {
  return new Promise((resolve) => {
    let came = new Uint8Array(0);
    const connection = stack.tcp.connect(
      { remote: { address: server, port: dnsPort } },
      {
        opened: () => void connection.write(concat(u16(query.length), query)),
        readable() {
          for (let data; (data = connection.read()) !== undefined;) came = new Uint8Array(concat(came, data));
          if (came.length < 2 || came.length < 2 + get16(came, 0)) {
            if (connection.ended) done(undefined);
            return;
          }
          done(readDns(came.subarray(2, 2 + get16(came, 0))));
        },
        closed: () => done(undefined),
      },
    );
    const alarm = stack.alarm(() => done(undefined));
    alarm.set(host.now() + timeoutMsecs);
    const done = (answer: DnsMessage | undefined): void => {
      alarm.set(Infinity);
      resolve(answer);
      connection.close();
    };
  });
}
