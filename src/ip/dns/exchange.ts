// One question to one DNS server (RFC 1035, 7; RFC 5452 against forged answers): over UDP, and over TCP where the answer does not
// fit (RFC 7766).
import type { Address } from "../address.js";
import { u16 } from "../dhcp/message.js";
import type { Host } from "../host.js";
import type { Stack } from "../stack.js";
import { concat, get16 } from "../wire.js";
import { dnsPort, readDns, writeDns, type DnsMessage } from "./message.js";

/** Whom answers come from, by which stack, and how long they are waited for. */
export interface Way {
  readonly stack: Stack;
  readonly host: Host;
  readonly timeoutMsecs: number;
}

/** The answer, or undefined where none came in time. A port of its own for each question (RFC 5452, 9.2). */
export const ask = (way: Way, server: Address, query: DnsMessage): Promise<DnsMessage | undefined> =>
  new Promise((resolve) => {
    const { stack, host, timeoutMsecs } = way;
    const data = writeDns(query);
    const close = (): void => {
      alarm.set(Infinity);
      socket.close();
    };
    const done = (answer: DnsMessage | undefined): void => {
      close();
      resolve(answer);
    };
    const alarm = stack.alarm(() => done(undefined));
    const socket = stack.udp.bind({}, ({ remote, data: came }) => {
      if (remote.port !== dnsPort || remote.address.join() !== server.join()) return;
      const answer = readDns(came);
      if (answer === undefined || !belongs(query, answer)) return;
      if (!answer.truncated) {
        done(answer);
        return;
      }
      close();
      askTcp(way, server, data).then(
        (whole) => resolve(whole !== undefined && belongs(query, whole) ? whole : answer),
        () => resolve(answer),
      );
    });
    socket.onError = () => done(undefined);
    alarm.set(host.now() + timeoutMsecs);
    socket.send({ address: server, port: dnsPort }, data);
  });

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

/** RFC 1035, 4.2.2: a length before each message. */
const askTcp = (
  { stack, host, timeoutMsecs }: Way,
  server: Address,
  query: Uint8Array,
): Promise<DnsMessage | undefined> =>
  new Promise((resolve) => {
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
