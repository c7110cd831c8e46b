// The gateway's DNS: addresses as the host's own programs find them, /etc/hosts and all; everything else from the server that the
// host asks.
import type { Address, Family, Stack } from "../../ip/index.js";
import { createDnsForwarder, type DnsAnswer } from "../../ip/dns/forwarder.js";
import {
  classIn,
  queryFor,
  readDns,
  recordType,
  responseCode,
  writeDns,
  type Question,
} from "../../ip/dns/message.js";
import type { UserNetwork } from "./options.js";
import type { HostSockets } from "./sockets.js";

/** Seconds. The host's resolver does not say, and has a cache of its own. */
const ttl = 30;
const families: Readonly<Record<number, Family>> = { [recordType.a]: 4, [recordType.aaaa]: 6 };

async function addresses(sockets: HostSockets, { name, type }: Question, family: Family): Promise<DnsAnswer> {
  const found = await sockets.lookup(name, family);
  if (found !== undefined) {
    const answers = found.map((data) => ({ name, type, class: classIn, ttl, data }));
    return { code: responseCode.ok, answers };
  }
  // A name may have addresses of the other family: then there is such a name (RFC 4074, 4.2).
  const others = await sockets.lookup(name, family === 4 ? 6 : 4);
  return { code: others === undefined ? responseCode.noName : responseCode.ok, answers: [] };
}

async function forwarded(sockets: HostSockets, { name, type }: Question): Promise<DnsAnswer> {
  const [id = 0] = crypto.getRandomValues(new Uint16Array(1));
  const answer = readDns(await sockets.query(writeDns(queryFor(id, name, type))));
  if (answer === undefined) throw new Error("the host's DNS server does not speak DNS");
  return answer;
}

/** At the addresses `at`: whoever asks another server is led there. */
export function serveNames(
  stack: Stack,
  { restrict }: UserNetwork,
  at: readonly Address[],
  sockets: HostSockets,
): void {
  const resolve = async (question: Question): Promise<DnsAnswer> => {
    if (restrict || question.class !== classIn) return { code: responseCode.refused, answers: [] };
    const family = families[question.type];
    return family === undefined ? forwarded(sockets, question) : addresses(sockets, question, family);
  };
  for (const address of at) createDnsForwarder(stack, { address, resolve });
}
