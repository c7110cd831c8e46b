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
  type ConnectOptions,
  type Handlers,
  type Stack,
  type StackOptions,
} from "../../src/ip/index.js";
import { be16, be32, type Ends } from "./forge.js";
import {
  expectSent,
  isTcp,
  peerPort,
  peerSeq,
  readSent,
  segmentFrom,
  stackPort,
  stackSeq,
  type Peer,
  type Sent,
} from "./script-peer.js";
import { createWorld, type World } from "./world.js";

const mac = { peer: Uint8Array.of(2, 0, 0, 0, 0, 1), stack: Uint8Array.of(2, 0, 0, 0, 0, 2) } as const;

export interface ScriptOptions {
  readonly v6?: boolean;
  readonly mtu?: number;
  readonly stack?: StackOptions;
  readonly connection?: Partial<ConnectOptions>;
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

interface Scripted {
  readonly world: World;
  readonly stack: Stack;
  readonly peer: Peer;
  readonly connectOptions: Partial<ConnectOptions> | undefined;
  readonly handlers: Handlers;
  connection: Connection | undefined;
  /** Bytes that the user has read. */
  data: number;
  urgentTold: number;
}

export function createScript({
  v6 = false,
  mtu = 1500,
  stack: stackOptions,
  connection: connectOptions,
}: ScriptOptions = {}): Script {
  const world = createWorld();
  const ends: Ends = { fromMac: mac.peer, toMac: mac.stack, from: parseAddress(v6 ? "fd00::1" : "10.0.0.1"), to: parseAddress(v6 ? "fd00::2" : "10.0.0.2") }; // prettier-ignore
  const peer: Peer = { v6, ends, sent: [], stackIss: undefined, stackLocal: stackPort };
  const stack = createStack(
    {
      mtu,
      mac: mac.stack,
      send(frame) {
        if (isTcp(peer, frame)) peer.sent.push(readSent(peer, frame.slice()));
        return true;
      },
    },
    world.host(3, () => stack.tick()),
    { addresses: ["10.0.0.2/24", "fd00::2/64"], probe: false, ...stackOptions },
  );
  // The stack knows the peer's MAC, so that scripts are of TCP alone.
  stack.receive(arpReply());
  if (v6) stack.receive(neighbourSolicitation(ends));

  const handlers = { urgent: () => void scripted.urgentTold++ };
  const scripted: Scripted = { world, stack, peer, connectOptions, handlers, connection: undefined, data: 0, urgentTold: 0 }; // prettier-ignore
  const script: Script = {
    stack,
    sent: peer.sent,
    ends,
    peerSeq,
    stackSeq: (relative) => stackSeq(peer, relative),
    run(lines) {
      for (const [index, line] of lines.split("\n").entries()) {
        const text = line.replace(/#.*/, "").trim();
        if (text === "") continue;
        try {
          runLine(scripted, text);
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

function runLine(scripted: Scripted, text: string): void {
  const { stack, peer, world } = scripted;
  if (text.startsWith("< ")) stack.receive(segmentFrom(peer, text.slice(2)));
  else if (text.startsWith("> ")) expectSent(peer, text.slice(2));
  else if (text.startsWith("+ ")) world.run(world.now + Number(text.slice(2)));
  else if (text.startsWith("= ")) see(scripted, text.slice(2));
  else user(scripted, text);
}

function use(scripted: Scripted, connection: Connection): void {
  scripted.connection = connection;
  connection.handlers = scripted.handlers;
}

function user(scripted: Scripted, text: string): void {
  const { stack, peer, connectOptions } = scripted;
  const [verb, count = ""] = text.split(" ");
  if (verb === "connect")
    use(
      scripted,
      stack.tcp.connect(
        { remote: { address: peer.ends.from, port: peerPort }, ...connectOptions },
        scripted.handlers,
      ),
    );
  else if (verb === "listen")
    stack.tcp.listen({ port: stackPort, ...connectOptions }, (it) => use(scripted, it));
  else if (verb === "write") scripted.connection?.write(new Uint8Array(Number(count)).fill(66));
  else if (verb === "read")
    while (scripted.data < Number(count))
      scripted.data += scripted.connection?.read()?.length ?? assert.fail(`only ${scripted.data} bytes came`);
  else if (verb === "end") scripted.connection?.end();
  else if (verb === "close") scripted.connection?.close();
  else if (verb === "reset") scripted.connection?.reset();
  else assert.fail(`no such line: ${text}`);
}

function see(scripted: Scripted, text: string): void {
  const [what, value] = text.split(" ");
  if (what === "state") assert.equal(scripted.connection?.state, value);
  else if (what === "error") assert.equal(scripted.connection?.error, value === "none" ? undefined : value);
  else if (what === "ended") assert.equal(scripted.connection?.ended, true);
  else if (what === "data") assert.equal(scripted.connection?.readable, Number(value));
  else if (what === "urgent") assert.equal(scripted.connection?.urgent, Number(value));
  else if (what === "told") assert.equal(scripted.urgentTold, Number(value));
  else if (what === "count") assert.equal(scripted.stack.tcp.count, Number(value));
  else assert.fail(`no such line: ${text}`);
}

/** Of the peer, to the stack. */
const arpReply = (): Uint8Array => {
  const ethernet = [...mac.stack, ...mac.peer, ...be16(0x0806)];
  const head = [...be16(1), ...be16(0x0800), 6, 4, ...be16(2)];
  return Uint8Array.from([...ethernet, ...head, ...mac.peer, 10, 0, 0, 1, ...mac.stack, 10, 0, 0, 2]); // prettier-ignore
};

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
