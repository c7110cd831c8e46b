// Scripts in the manner of packetdrill: one stack, and a peer that is nothing but what the script says. A line is
//   < FLAGS SEQ(LEN) [ack N] [win N] [urg N] [mss N] [ws N] [sackok] [ts V E] [sack L R] [raw BYTES…]    the peer sends
//   > FLAGS SEQ(LEN) [ack N] [win N] [mss N] …                      the stack has sent this, next and exactly once
//   > nothing                                                       and nothing else
//   > * FLAGS                                                       the next has these flags
//   + MSECS                                                         time passes
//   connect, listen, write N, read N, end, close, reset             the user does
//   = state NAME, = error NAME, = ended, = data N, = urgent N       the user sees
// FLAGS are of S F R P U and "." for ACK. Numbers are relative to each side's first.
import assert from "node:assert/strict";
import {
  createStack,
  parseAddress,
  type Connection,
  type Stack,
  type StackOptions,
} from "../../src/ip/index.js";
import type { ConnectOptions } from "../../src/ip/index.js";
import { be16, be32, tcpFrame, type Ends } from "./forge.js";
import { createWorld } from "./world.js";

const flagLetters: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, ".": 16, U: 32 };
const peerPort = 5000;
const stackPort = 80;
const peerIss = 0xfffff000;
const mac = { peer: Uint8Array.of(2, 0, 0, 0, 0, 1), stack: Uint8Array.of(2, 0, 0, 0, 0, 2) } as const;

export interface ScriptOptions {
  readonly v6?: boolean;
  readonly mtu?: number;
  readonly stack?: StackOptions;
  readonly connection?: Partial<ConnectOptions>;
}

interface Sent {
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly length: number;
  readonly options: ReadonlyMap<number, readonly number[]>;
  readonly from: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
}

export interface Script {
  /** Runs the lines; a failure names the line. */
  run(lines: string): Script;
  readonly stack: Stack;
  /** What the stack has sent and the script has not yet taken. */
  readonly sent: Sent[];
  readonly ends: Ends;
  /** The absolute number for the peer's relative one. */
  peerSeq(relative: number): number;
  stackSeq(relative: number): number;
}

export function createScript({
  v6 = false,
  mtu = 1500,
  stack: stackOptions,
  connection: connectOptions,
}: ScriptOptions = {}): Script {
  const world = createWorld();
  const sent: Sent[] = [];
  const ends: Ends = { fromMac: mac.peer, toMac: mac.stack, from: parseAddress(v6 ? "fd00::1" : "10.0.0.1"), to: parseAddress(v6 ? "fd00::2" : "10.0.0.2") }; // prettier-ignore
  let stackIss: number | undefined;
  let stackLocal = stackPort;
  let connection: Connection | undefined;
  let [data, urgentTold] = [0, 0];
  const stack = createStack(
    {
      mtu,
      mac: mac.stack,
      send(frame) {
        const isTcp = v6
          ? frame[12] === 0x86 && frame[20] === 6
          : frame[12] === 8 && frame[13] === 0 && frame[23] === 6;
        if (isTcp) sent.push(parse(frame.slice(), v6 ? 54 : 34));
        return true;
      },
    },
    world.host(3, () => stack.tick()),
    { addresses: ["10.0.0.2/24", "fd00::2/64"], probe: false, ...stackOptions },
  );
  const handlers = { urgent: () => void urgentTold++ };
  const use = (it: Connection): void => {
    connection = it;
    it.handlers = handlers;
  };
  /** The stack knows the peer's MAC, so that scripts are of TCP alone. */
  const learn = (): void => {
    const reply = [
      ...mac.stack,
      ...mac.peer,
      8,
      6,
      0,
      1,
      8,
      0,
      6,
      4,
      0,
      2,
      ...mac.peer,
      10,
      0,
      0,
      1,
      ...mac.stack,
      10,
      0,
      0,
      2,
    ];
    stack.receive(Uint8Array.from(reply));
    if (v6) stack.receive(neighbourSolicitation(ends));
  };
  learn();

  const parse = (frame: Uint8Array, at: number): Sent => {
    const view = new DataView(frame.buffer);
    const dataAt = at + (view.getUint8(at + 12) >> 4) * 4;
    const options = new Map<number, readonly number[]>();
    for (let i = at + 20; i < dataAt;) {
      const kind = view.getUint8(i);
      if (kind === 0) break;
      const size = kind === 1 ? 1 : view.getUint8(i + 1);
      if (kind !== 1) options.set(kind, [...frame.subarray(i + 2, i + size)]);
      i += size;
    }
    const flags = view.getUint8(at + 13);
    if ((flags & 2) !== 0) {
      stackIss = view.getUint32(at + 4);
      stackLocal = view.getUint16(at);
    }
    return {
      flags,
      seq: (view.getUint32(at + 4) - (stackIss ?? 0)) | 0,
      ack: (view.getUint32(at + 8) - peerIss) | 0,
      window: view.getUint16(at + 14),
      length: frame.length - dataAt,
      options,
      from: at,
      hopLimit: frame[v6 ? 21 : 22] ?? 0,
      trafficClass: v6 ? (((frame[14] ?? 0) & 15) << 4) | ((frame[15] ?? 0) >> 4) : (frame[15] ?? 0),
    };
  };

  const flagsOf = (text: string): number =>
    [...text].reduce((sum, letter) => sum | (flagLetters[letter] ?? 0), 0);
  const words = (
    text: string,
  ): {
    readonly flags: number;
    readonly seq: number;
    readonly length: number;
    readonly rest: readonly string[];
  } => {
    const [, flags = "", seq = "", length = "0", rest = ""] =
      /^(\S+) (-?\d+)(?:\((\d+)\))?(.*)$/.exec(text) ?? assert.fail(`cannot read: ${text}`);
    return {
      flags: flagsOf(flags),
      seq: Number(seq),
      length: Number(length),
      rest: rest.trim().split(/\s+/).filter(Boolean),
    };
  };
  const numbersAfter = (rest: readonly string[], name: string, count: number): number[] | undefined => {
    const at = rest.indexOf(name);
    return at < 0 ? undefined : rest.slice(at + 1, at + 1 + count).map(Number);
  };
  const peerSeq = (relative: number): number => (peerIss + relative) >>> 0;
  const stackSeq = (relative: number): number => ((stackIss ?? 0) + relative) >>> 0;

  const inject = (text: string): void => {
    const { flags, seq, length, rest } = words(text);
    const one = (name: string): number | undefined => numbersAfter(rest, name, 1)?.[0];
    const ts = numbersAfter(rest, "ts", 2);
    const sack = numbersAfter(rest, "sack", 2);
    const raw = rest.indexOf("raw");
    const options = [
      ...(one("mss") === undefined ? [] : [2, 4, ...be16(one("mss") ?? 0)]),
      ...(one("ws") === undefined ? [] : [3, 3, one("ws") ?? 0]),
      ...(rest.includes("sackok") ? [4, 2] : []),
      ...(ts === undefined ? [] : [8, 10, ...be32(ts[0] ?? 0), ...be32(ts[1] ?? 0)]),
      ...(sack === undefined
        ? []
        : [5, 10, ...be32(stackSeq(sack[0] ?? 0)), ...be32(stackSeq(sack[1] ?? 0))]),
      ...(raw < 0 ? [] : rest.slice(raw + 1).map(Number)),
    ];
    const frame = tcpFrame(ends, { sourcePort: peerPort, destinationPort: stackLocal, seq: peerSeq(seq), ack: (flags & 16) === 0 ? 0 : stackSeq(one("ack") ?? 0), flags, window: one("win") ?? 65_535, options, data: new Uint8Array(length).fill(65) }); // prettier-ignore
    const urgent = one("urg");
    if (urgent !== undefined) {
      // Set afterwards, and the checksum by the difference (RFC 1624).
      const at = v6 ? 54 : 34;
      frame.set(be16(urgent), at + 18);
      const old = ((frame[at + 16] ?? 0) << 8) | (frame[at + 17] ?? 0);
      const sum = (~old & 0xffff) + urgent;
      frame.set(be16(~((sum & 0xffff) + (sum >> 16)) & 0xffff), at + 16);
    }
    stack.receive(frame);
  };
  const expect = (text: string): void => {
    if (text === "nothing") {
      assert.deepEqual(sent, []);
      return;
    }
    const next = sent.shift();
    assert.ok(next !== undefined, "nothing was sent");
    if (text.startsWith("* ")) {
      assert.equal(next.flags, flagsOf(text.slice(2)));
      return;
    }
    const { flags, seq, length, rest } = words(text);
    // PSH is the sender's choice unless the script asks for it.
    const mask = flags & 8 ? 0xff : 0xf7;
    const wanted: Record<string, unknown> = { flags: flags & mask, seq, length };
    const actual: Record<string, unknown> = { flags: next.flags & mask, seq: next.seq, length: next.length };
    for (const [name, got] of [
      ["ack", next.ack],
      ["win", next.window],
      ["ttl", next.hopLimit],
      ["tos", next.trafficClass],
    ] as const) {
      const value = numbersAfter(rest, name, 1);
      if (value !== undefined) [wanted[name], actual[name]] = [value[0], got];
    }
    const word = (bytes: readonly number[] | undefined): number | undefined =>
      bytes?.reduce((sum, byte) => sum * 256 + byte, 0);
    for (const [name, kind] of [
      ["mss", 2],
      ["ws", 3],
    ] as const) {
      const value = numbersAfter(rest, name, 1);
      if (value !== undefined) [wanted[name], actual[name]] = [value[0], word(next.options.get(kind))];
    }
    const sack = numbersAfter(rest, "sack", 2);
    if (sack !== undefined) {
      wanted["sack"] = sack;
      actual["sack"] = [0, 4].map(
        (at) => ((word(next.options.get(5)?.slice(at, at + 4)) ?? 0) - peerIss) | 0,
      );
    }
    const echo = numbersAfter(rest, "echo", 1);
    if (echo !== undefined) [wanted["echo"], actual["echo"]] = [echo[0], word(next.options.get(8)?.slice(4))];
    for (const [name, kind] of [["nosack", 4], ["nots", 8], ["nows", 3]] as const) if (rest.includes(name)) [wanted[name], actual[name]] = [undefined, next.options.get(kind)]; // prettier-ignore
    assert.deepEqual(actual, wanted);
  };
  const user = (text: string): void => {
    const [verb, count = ""] = text.split(" ");
    if (verb === "connect")
      use(stack.tcp.connect({ remote: { address: ends.from, port: peerPort }, ...connectOptions }, handlers));
    else if (verb === "listen") stack.tcp.listen({ port: stackPort, ...connectOptions }, use);
    else if (verb === "write") connection?.write(new Uint8Array(Number(count)).fill(66));
    else if (verb === "read")
      while (data < Number(count))
        data += connection?.read()?.length ?? assert.fail(`only ${data} bytes came`);
    else if (verb === "end") connection?.end();
    else if (verb === "close") connection?.close();
    else if (verb === "reset") connection?.reset();
    else assert.fail(`no such line: ${text}`);
  };
  const see = (text: string): void => {
    const [what, value] = text.split(" ");
    if (what === "state") assert.equal(connection?.state, value);
    else if (what === "error") assert.equal(connection?.error, value === "none" ? undefined : value);
    else if (what === "ended") assert.equal(connection?.ended, true);
    else if (what === "data") assert.equal(connection?.readable, Number(value));
    else if (what === "urgent") assert.equal(connection?.urgent, Number(value));
    else if (what === "told") assert.equal(urgentTold, Number(value));
    else if (what === "count") assert.equal(stack.tcp.count, Number(value));
    else assert.fail(`no such line: ${text}`);
  };

  const script: Script = {
    stack,
    sent,
    ends,
    peerSeq,
    stackSeq,
    run(lines) {
      for (const [index, line] of lines.split("\n").entries()) {
        const text = line.replace(/#.*/, "").trim();
        if (text === "") continue;
        try {
          if (text.startsWith("< ")) inject(text.slice(2));
          else if (text.startsWith("> ")) expect(text.slice(2));
          else if (text.startsWith("+ ")) world.run(world.now + Number(text.slice(2)));
          else if (text.startsWith("= ")) see(text.slice(2));
          else user(text);
        } catch (error) {
          throw new Error(
            `line ${index + 1}: ${text}\n${error instanceof Error ? error.message : String(error)}`,
            { cause: error },
          );
        }
      }
      return script;
    },
  };
  return script;
}

/** Of the stack, by a peer whose MAC it learns so. */
function neighbourSolicitation({ from, to, fromMac, toMac }: Ends): Uint8Array {
  const body = [135, 0, 0, 0, 0, 0, 0, 0, ...to, 1, 1, ...fromMac];
  const pseudo = [...from, ...to, ...be32(body.length), ...be32(58)];
  let sum = 0;
  const all = [...pseudo, ...body];
  for (let i = 0; i < all.length; i += 2) sum += (all[i] ?? 0) * 256 + (all[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  body.splice(2, 2, ...be16(~sum & 0xffff));
  return Uint8Array.from([
    ...toMac,
    ...fromMac,
    0x86,
    0xdd,
    0x60,
    0,
    0,
    0,
    ...be16(body.length),
    58,
    255,
    ...from,
    ...to,
    ...body,
  ]);
}
