// A DNS server that asks somebody else: a gateway's, in front of the host's resolver. Over UDP and TCP (RFC 7766, 5).
import type { Address } from "../address.js";
import type { Stack } from "../stack.js";
import type { Connection } from "../tcp/connection.js";
import { concat, get16 } from "../wire.js";
import { u16 } from "../dhcp/message.js";
import {
  answerTo,
  dnsPort,
  readDns,
  recordType,
  responseCode,
  writeDns,
  type DnsMessage,
  type DnsRecord,
  type Question,
} from "./message.js";

export interface DnsAnswer {
  /** One of `responseCode`. */
  readonly code: number;
  readonly answers: readonly DnsRecord[];
  readonly authorities?: readonly DnsRecord[];
}

export interface DnsForwarderOptions {
  /** The address that is asked; any of the stack's where absent. */
  readonly address?: Address;
  /** Answers a question; what it throws is a failure of the server. */
  readonly resolve: (question: Question) => Promise<DnsAnswer>;
  /** Questions that may wait for `resolve` at once; others are refused. */
  readonly pending?: number;
}

export interface DnsForwarder {
  close(): void;
}

/** RFC 1035, 2.3.4; RFC 6891, 6.2.3 lets a client name more, and DNS flag day 2020 no more than this without fragments. */
const [plainMax, ednsMax] = [512, 1232];

const idleMsecs = 10_000;

export function createDnsForwarder(
  stack: Stack,
  { address, resolve, pending = 256 }: DnsForwarderOptions,
): DnsForwarder {
  let waiting = 0;
  /** `sizeMax` is the transport's; undefined where nothing is to be said. */
  const answer = async (data: Uint8Array, transportMax: number): Promise<Uint8Array | undefined> => {
    const query = readDns(data);
    if (query === undefined) {
      // RFC 1035, 4.1.1: what can be told of it.
      if (data.length < 12 || (data[2] as number) & 0x80) return undefined;
      const empty: DnsMessage = { id: get16(data, 0), response: true, opcode: 0, authoritative: false, truncated: false, recursionDesired: false, recursionAvailable: true, code: responseCode.format, questions: [], answers: [], authorities: [], additionals: [] }; // prettier-ignore
      return writeDns(empty);
    }
    if (query.response) return undefined;
    const opt = query.additionals.find(({ type }) => type === recordType.opt);
    const sizeMax = Math.min(
      transportMax,
      opt === undefined ? (transportMax === 65_535 ? transportMax : plainMax) : Math.max(plainMax, opt.class),
    );
    const reply = (message: DnsMessage): Uint8Array =>
      writeDns({ ...message, additionals: opt === undefined ? [] : [{ name: "", type: recordType.opt, class: ednsMax, ttl: 0, data: new Uint8Array(0) }] }, sizeMax); // prettier-ignore
    const [question] = query.questions;
    if (query.opcode !== 0) return reply(answerTo(query, responseCode.notImplemented));
    if (question === undefined || query.questions.length !== 1)
      return reply(answerTo(query, responseCode.format));
    if (waiting >= pending) return reply(answerTo(query, responseCode.refused));
    waiting++;
    try {
      const { code, answers, authorities = [] } = await resolve(question);
      return reply({ ...answerTo(query, code, answers), authorities });
    } catch {
      return reply(answerTo(query, responseCode.failure));
    } finally {
      waiting--;
    }
  };

  const bound = address === undefined ? {} : { address };
  const socket = stack.udp.bind({ ...bound, port: dnsPort }, ({ local, remote, data, group }) => {
    if (group) return;
    void answer(data, ednsMax).then((reply) => reply !== undefined && socket.send(remote, reply, local));
  });
  const listener = stack.tcp.listen(
    { ...bound, port: dnsPort, noDelay: true, userTimeoutMsecs: 10_000 },
    (connection) => serve(stack, connection, answer),
  );
  return {
    close() {
      socket.close();
      listener.close();
    },
  };
}

/** RFC 7766, 6.2.1: questions may follow each other; answers go as they come. */
function serve(
  stack: Stack,
  connection: Connection,
  answer: (data: Uint8Array, max: number) => Promise<Uint8Array | undefined>,
): void {
  let came: Uint8Array = new Uint8Array(0);
  let open = 0;
  const finish = (): void => {
    if (open === 0 && connection.ended) connection.end();
  };
  const reply = async (message: Uint8Array): Promise<void> => {
    const bytes = await answer(message, 65_535);
    open--;
    if (bytes !== undefined) connection.write(concat(u16(bytes.length), bytes));
    finish();
  };
  // RFC 7766, 6.2.3.
  const idle = stack.alarm(() => connection.close());
  idle.set(stack.now() + idleMsecs);
  connection.handlers = {
    closed: () => idle.set(Infinity),
    readable() {
      idle.set(stack.now() + idleMsecs);
      for (let data; (data = connection.read()) !== undefined;) came = concat(came, data);
      while (came.length >= 2 && came.length >= 2 + get16(came, 0)) {
        const message = came.slice(2, 2 + get16(came, 0));
        came = came.slice(2 + message.length);
        open++;
        void reply(message);
      }
      finish();
    },
  };
}
