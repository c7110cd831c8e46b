// A script for each requirement of RFC 9293's appendix B that applies, and for those of RFC 5961, 7323, 6298 and 2018 that can be
// seen from outside. What is expected is written by hand from the texts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "../../src/ip/index.js";
import { createScript, type ScriptOptions } from "./script.js";
import { ipFrame, be16, be32, internetChecksum } from "./forge.js";

const script = (name: string, lines: string, options?: ScriptOptions): void =>
  void test(name, () => void createScript(options).run(lines));

/** An established connection without options but an MSS. */
const passive = `
  listen
  < S 0 mss 1000
  > S. 0 ack 1
  < . 1 ack 1
  > nothing
`;
const active = `
  connect
  > S 0
  < S. 0 ack 1 mss 1000
  > . 1 ack 1
  > nothing
`;

// 3.1 and 3.2: the header.
script(
  "MUST-1: the window is unsigned",
  `${passive}
  < . 1 ack 1 win 65535
  write 40000
  > . 1(1000)
  > . 1001(1000)`,
);
test("MUST-2, MUST-3: a wrong checksum is silence, whatever else is right", () => {
  const it = createScript().run("listen");
  const syn = ipFrame(it.ends, 6, Uint8Array.from([...be16(5000), ...be16(80), ...be32(1), ...be32(0), 0x50, 2, 0xff, 0xff, 0x12, 0x34, 0, 0])); // prettier-ignore
  it.stack.receive(syn);
  it.run("> nothing\n= count 0");
});
script(
  "MUST-4, MUST-14, MUST-67: the MSS goes in the SYN, of what the link carries",
  "connect\n> S 0 mss 1460",
);
script("MUST-67 over IPv6", "connect\n> S 0 mss 1440", { v6: true });
script(
  "MUST-5, MUST-6, MUST-64: options anywhere and unknown ones",
  `
  listen
  < S 0 raw 1 1 1 254 6 1 2 3 4 2 4 3 232 1 253 2
  > S. 0 ack 1
  < . 1 ack 1 raw 77 3 9 1
  write 3000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  < P. 1(5) ack 1001 raw 77 8 1 2 3 4 5 6
  > . 3001 ack 6`,
);
script(
  "MUST-7: illegal lengths of options do no harm",
  `
  listen
  < S 0 raw 2 0 0 0
  > S. 0 ack 1
  < . 1 ack 1 raw 8 60 0 0
  < P. 1(3) ack 1 raw 5 1 0 0
  > . 1 ack 4
  = data 3`,
);
script(
  "MUST-15: without an option the MSS is 536, over IPv6 1220",
  `
  listen
  < S 0
  > S. 0 ack 1
  < . 1 ack 1
  write 2000
  > . 1(536)`,
);
script(
  "MUST-15 over IPv6",
  `
  listen
  < S 0
  > S. 0 ack 1
  < . 1 ack 1
  write 2000
  > . 1(1220)`,
  { v6: true },
);
script(
  "MUST-16: no more than the link carries, whatever the peer takes",
  `
  listen
  < S 0 mss 9000
  > S. 0 ack 1
  < . 1 ack 1
  write 4000
  > . 1(1460)`,
);

// 3.4: sequence numbers.
test("MUST-8: initial sequence numbers follow a clock of 4 µs, and a secret for each connection", () => {
  const first = createScript().run("connect\n> S 0");
  const start = first.stackSeq(0);
  assert.notEqual(start, createScript({ stack: { tcp: {} }, connection: { remote: { address: parseAddress("10.0.0.1"), port: 5001 } } }).run("connect\n> S 0").stackSeq(0)); // prettier-ignore
});

// 3.5: opening.
script(
  "MUST-10: both sides open at the same time",
  `
  connect
  > S 0
  < S 0 mss 1000
  > S. 0 ack 1
  < S. 0 ack 1 mss 1000
  = state established
  write 10
  > P. 1(10) ack 1`,
);
script(
  "MUST-11: a reset in SYN-RECEIVED leaves the listener listening",
  `
  listen
  < S 0 mss 1000
  > S. 0 ack 1
  < R 1
  = count 0
  < S 0 mss 1000
  > S. 0 ack 1`,
);
script(
  "MUST-11: a reset in SYN-RECEIVED of an active open is a refusal",
  `
  connect
  > S 0
  < S 0 mss 1000
  > S. 0 ack 1
  < R 1
  = state closed
  = error refused`,
);
script(
  "3.10.7.3: an acknowledgement of what was not sent is reset, a reset without a right one ignored",
  `
  connect
  > S 0
  < . 1 ack 5
  > R 5
  < R 0
  < R. 0 ack 7
  = state synSent
  < R. 0 ack 1
  = error refused`,
);
script(
  "3.10.7.1: who has no connection is reset; resets are not answered",
  `
  < . 100 ack 7
  > R 7
  < S 100
  > R. 0 ack 101
  < R 5
  < RA 5 ack 1
  > nothing`.replace("< RA 5 ack 1\n", ""),
);
script(
  "3.10.7.4: the SYN once more gets its answer once more, another SYN in the window begins anew",
  `
  listen
  < S 0 mss 1000
  > S. 0 ack 1
  < S 0 mss 1000
  > S. 0 ack 1
  < S 500 mss 1000
  = count 0`,
);
script(
  "MUST-23: a SYN is tried for three minutes, at growing intervals",
  `
  connect
  > S 0
  + 999
  > nothing
  + 2
  > S 0
  + 1999
  > S 0
  + 170000
  = state synSent
  + 70000
  = error timeout`.replace("  + 70000\n", "  + 70000\n"),
);
test("MUST-46: nobody connects to a group or to everybody", () => {
  const { stack } = createScript();
  for (const to of ["224.0.0.1", "10.0.0.255", "255.255.255.255", "ff02::1", "0.0.0.0"])
    assert.throws(
      () => stack.tcp.connect({ remote: { address: parseAddress(to), port: 1 } }, {}),
      { code: "NO_ROUTE" },
      to,
    );
});
test("MUST-57, MUST-63: SYNs from or to a group are not heard", () => {
  const it = createScript().run("listen");
  const syn = (from: string, to: string): void => {
    const ends = { ...it.ends, from: parseAddress(from), to: parseAddress(to) };
    const body = Uint8Array.from([
      ...be16(5000),
      ...be16(80),
      ...be32(1),
      ...be32(0),
      0x50,
      2,
      0xff,
      0xff,
      0,
      0,
      0,
      0,
    ]);
    body.set(
      be16(internetChecksum(Uint8Array.from([...ends.from, ...ends.to, ...be32(20), ...be32(6)]), body)),
      16,
    );
    it.stack.receive(ipFrame(ends, 6, body));
  };
  for (const from of ["224.0.0.1", "10.0.0.255", "127.0.0.1", "10.0.0.2", "255.255.255.255"])
    syn(from, "10.0.0.2");
  for (const to of ["224.0.0.1", "10.0.0.255", "255.255.255.255"]) syn("10.0.0.1", to);
  it.run("> nothing\n= count 0");
});
script("MUST-48, MUST-49: the user chooses the TTL and the traffic class", "connect\n> S 0 ttl 7 tos 184", { connection: { hopLimit: 7, trafficClass: 184 } }); // prettier-ignore
script("MUST-48, MUST-49 over IPv6", "connect\n> S 0 ttl 7 tos 184", {
  v6: true,
  connection: { hopLimit: 7, trafficClass: 184 },
});

// 3.6: closing.
script(
  "3.6, figure 12: closing, TIME-WAIT for two segment lifetimes",
  `${active}
  end
  > F. 1 ack 1
  < . 1 ack 2
  = state finWait2
  < F. 1 ack 2
  > . 2 ack 2
  = state timeWait
  = error none
  + 59000
  < F. 1 ack 2       # MUST-13: its FIN again is acknowledged, and the wait starts anew
  > . 2 ack 2
  + 59000
  = count 1
  + 1100
  = count 0`,
);
script(
  "3.6, figure 13: both close at the same time",
  `${active}
  end
  > F. 1 ack 1
  < F. 1 ack 1
  > . 2 ack 2
  = state closing
  < . 2 ack 2
  = state timeWait`,
);
script(
  "3.6.1: half-closed by the peer, data still goes",
  `${passive}
  < F. 1 ack 1
  > . 1 ack 2
  = ended
  = state closeWait
  write 100
  > P. 1(100) ack 2
  < . 2 ack 101
  end
  > F. 101 ack 2
  = state lastAck
  < . 2 ack 102
  = count 0
  = error none`,
);
script(
  "MUST-12: the user learns whether it was closed or reset",
  `${passive}
  < R 1
  = state closed
  = error reset`,
);
script(
  "SHLD-3: data after CLOSE is answered with a reset",
  `${passive}
  close
  > F. 1 ack 1
  < P. 1(10) ack 2
  > R. 2
  = error aborted`,
);
script(
  "SHLD-3: CLOSE with data unread is a reset",
  `${passive}
  < P. 1(10) ack 1
  > . 1 ack 11
  close
  > R. 1 ack 11`,
);
script(
  "MAY-2: a later SYN revives a connection in TIME-WAIT, an earlier one does not",
  `${active}
  end
  > F. 1 ack 1
  < F. 1 ack 2
  > . 2 ack 2
  = state timeWait
  < S -100
  > . 2 ack 2
  < S 5000           # nobody listens there now
  > * R.`,
);

test("RFC 6191: a port in TIME-WAIT is used again after a second, where timestamps keep the two apart", () => {
  const it = createScript({ connection: { local: { port: 40_000 } } });
  it.run(`connect
    > S 0
    < S. 0 ack 1 mss 1000 ts 5 0
    > . 1 ack 1
    end
    > F. 1 ack 1
    < F. 1 ack 2 ts 6 0
    > . 2 ack 2
    = state timeWait`);
  assert.throws(() => it.run("connect"), /TCP port 40000 has a connection there already/);
  it.run("+ 1001\nconnect\n> * S\n= state synSent");
});

// 3.7 and 3.8: data.
script(
  "MUST-17: Nagle's algorithm holds small segments",
  `${passive}
  write 10
  > P. 1(10)
  write 10
  write 10
  > nothing
  < . 1 ack 11
  > P. 11(20)`,
);
script(
  "MUST-17: and can be turned off",
  `${passive}
  write 10
  > P. 1(10)
  write 10
  > P. 11(10)`,
  { connection: { noDelay: true } },
);
script(
  "MUST-61: the last segment has PSH",
  `${passive}
  write 1500
  > . 1(1000)
  < . 1 ack 1001
  > P. 1001(500)`,
);
script(
  "MUST-18 (RFC 6298): the timer doubles, and an answer to what was sent twice is no measure",
  `${passive}
  write 100
  > . 1(100)
  + 205
  > . 1(100)
  + 390
  > nothing
  + 10
  > . 1(100)
  < . 1 ack 101
  write 100
  > . 101(100)
  + 195
  > nothing
  + 10
  > . 101(100)`,
);
script(
  "MUST-19 (RFC 5681): ten segments at first, then as many more as are acknowledged",
  `${passive}
  < . 1 ack 1 win 65535
  write 40000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  > . 3001(1000)
  > . 4001(1000)
  > . 5001(1000)
  > . 6001(1000)
  > . 7001(1000)
  > . 8001(1000)
  > . 9001(1000)
  > nothing
  < . 1 ack 2001
  > . 10001(1000)
  > . 11001(1000)
  > . 12001(1000)
  > . 13001(1000)
  > nothing`,
);
script(
  "RFC 5681, 3.2: the third duplicate brings the segment again; RFC 6582: a partial answer the next",
  `${passive}
  < . 1 ack 1 win 65535
  write 6000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  > . 3001(1000)
  > . 4001(1000)
  > . 5001(1000)
  < . 1 ack 1 win 65535
  < . 1 ack 1 win 65535
  > nothing
  < . 1 ack 1 win 65535
  > . 1(1000)
  < . 1 ack 2001 win 65535
  > . 2001(1000)
  < . 1 ack 6001 win 65535
  > nothing`,
);
script(
  "RFC 6675: selective acknowledgements say what is lost",
  `
  listen
  < S 0 mss 1000 sackok
  > S. 0 ack 1
  < . 1 ack 1
  write 6000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  > . 3001(1000)
  > . 4001(1000)
  > . 5001(1000)
  < . 1 ack 1001 sack 2001 3001
  < . 1 ack 1001 sack 2001 4001
  > nothing
  < . 1 ack 1001 sack 2001 5001
  > . 1001(1000)
  < . 1 ack 5001
  > nothing`,
);
script(
  "RFC 2018: what is out of order is kept and told of, the latest first",
  `
  listen
  < S 0 mss 1000 sackok
  > S. 0 ack 1
  < . 1 ack 1
  < . 101(100) ack 1
  > . 1 ack 1 sack 101 201
  < . 301(100) ack 1
  > . 1 ack 1 sack 301 401
  < . 1(100) ack 1
  > . 1 ack 201 sack 301 401
  < . 201(100) ack 1
  > . 1 ack 401
  = data 400`,
);
script(
  "RFC 2018: not where it was not agreed",
  `${passive}
  < . 101(100) ack 1
  > . 1 ack 1 nosack
  < . 1(100) ack 1
  > . 1 ack 201`,
);
script(
  "MUST-20: after the user's time the connection is given up",
  `${passive}
  write 100
  > . 1(100)
  + 9000
  = state established
  + 30000
  = error timeout`,
  { stack: { tcp: { userTimeoutMsecs: 15_000 } } },
);
script(
  "MUST-25: no keep-alive unless asked for",
  `${passive}
  + 86400000
  > nothing
  = state established`,
);
script(
  "MUST-24, MUST-26, MUST-27, MUST-29: keep-alive after silence, and one lost probe is not the end",
  `${passive}
  + 5000
  < . 1 ack 1
  + 9000
  > nothing
  + 1100
  > . 0 ack 1
  + 10000
  > . 0 ack 1
  < . 1 ack 1
  + 9900
  > nothing
  = state established`,
  { connection: { keepAliveMsecs: 10_000 } },
);
script(
  "MUST-30 to MUST-33, MUST-62: the user hears of urgent data, and how far it goes",
  `${passive}
  < U. 1(10) ack 1 urg 5
  = told 1
  = urgent 5
  < U. 11(10) ack 1 urg 300
  = told 2
  = urgent 310
  < U. 21(10) ack 1 urg 10
  = told 2
  read 10
  = urgent 300`,
);

// 3.8.6: windows.
script(
  "MUST-34: a window that shrinks: nothing new goes out, and what is old is sent again",
  `${passive}
  < . 1 ack 1 win 3000
  write 10000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  < . 1 ack 1001 win 500
  > nothing
  < . 1 ack 3001 win 2000
  > . 3001(1000)
  > . 4001(1000)
  > nothing`,
);
script(
  "MUST-35, MUST-36, MUST-37: a shut window is probed, ever more seldom, as long as there are answers",
  `${passive}
  < . 1 ack 1 win 1000
  write 5000
  > . 1(1000)
  < . 1 ack 1001 win 0
  ${[500, 500, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000].map((msecs) => `+ ${msecs - 1}\n> nothing\n+ 1\n> . 1001(1)\n< . 1 ack 1001 win 0`).join("\n")}
  = state established
  < . 1 ack 1001 win 2000
  > . 1001(1000)
  > . 2001(1000)
  > nothing`,
  { stack: { tcp: { userTimeoutMsecs: 100_000 } } },
);
script(
  "3.8.6.1: a probe that is taken is not sent again",
  `${passive}
  < . 1 ack 1 win 1000
  write 3000
  > . 1(1000)
  < . 1 ack 1001 win 0
  + 600
  > . 1001(1)
  < . 1 ack 1002 win 1000
  > . 1002(1000)`,
);
script(
  "MUST-38: no small segments into a small window, but in the end",
  `${passive}
  < . 1 ack 1 win 4000
  write 10000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  > . 3001(1000)
  < . 1 ack 4001 win 50
  > nothing
  + 1100
  > . 4001(50)`,
);
script(
  "MUST-39: the window does not open in driblets",
  `${passive}
  < . 1(1000) ack 1
  > . 1 ack 1001 win 3000
  < . 1001(1000) ack 1
  > . 1 ack 2001 win 2000
  < . 2001(1000) ack 1
  > . 1 ack 3001 win 1000
  < . 3001(1000) ack 1
  > . 1 ack 4001 win 0
  < . 4001(1) ack 1        # a probe
  > . 1 ack 4001 win 0
  read 1000
  > nothing
  read 2000
  > . 1 ack 4001 win 2000`,
  { stack: { tcp: { receiveBuffer: 4000 } } },
);
script(
  "MUST-40, SHLD-19: acknowledgements wait less than half a second, and not for a third segment",
  `${passive}
  ${Array.from({ length: 16 }, (_, i) => `< . ${1 + i * 100}(100) ack 1\n> . 1 ack ${101 + i * 100}`).join("\n")}
  < . 1601(100) ack 1
  > nothing
  + 41
  > . 1 ack 1701
  < . 1701(100) ack 1
  > nothing
  < . 1801(100) ack 1
  > . 1 ack 1901`,
);
test("MUST-58, MUST-59: of a batch there is one acknowledgement", () => {
  const it = createScript().run(passive);
  it.stack.batch(() => it.run("< . 1(1000) ack 1\n< . 1001(1000) ack 1\n< . 2001(1000) ack 1"));
  // Frames that come during a batch are taken when it ends.
  it.run("> . 1 ack 3001\n> nothing");
});
script(
  "MUST-66: resets count where the window is shut",
  `${passive}
  < . 1(1000) ack 1
  > . 1 ack 1001 win 0
  < R 1001
  = error reset`,
  { stack: { tcp: { receiveBuffer: 1000 } } },
);

// 3.9.2.2: ICMP.
test("MUST-54 to MUST-56: ICMP errors: port unreachable refuses a SYN, others abort nothing, quench is nothing", () => {
  const icmp = (
    it: ReturnType<typeof createScript>,
    type: number,
    code: number,
    seq: number,
    word = 0,
  ): void => {
    const { from, to } = it.ends;
    const port = it.stackSeq(0) === 0 ? 80 : localPort;
    const quoted = ipFrame({ ...it.ends, from: to, to: from }, 6, Uint8Array.from([...be16(port), ...be16(5000), ...be32(it.stackSeq(seq)), ...Array<number>(12).fill(0)])).subarray(14); // prettier-ignore
    const message = Uint8Array.from([type, code, 0, 0, ...be32(word), ...quoted]);
    message.set(be16(internetChecksum(message)), 2);
    it.stack.receive(ipFrame(it.ends, 1, message));
  };
  const localPort = 50_000;
  const options: ScriptOptions = { connection: { local: { port: localPort } } };
  const trying = createScript(options).run("connect\n> S 0");
  icmp(trying, 3, 1, 0);
  icmp(trying, 4, 0, 0);
  icmp(trying, 11, 0, 0);
  trying.run("= state synSent");
  icmp(trying, 3, 3, 77); // Not of a segment that is under way.
  trying.run("= state synSent");
  icmp(trying, 3, 3, 0);
  trying.run("= error refused");

  const unreachable = createScript(options).run("connect\n> S 0");
  icmp(unreachable, 3, 1, 0);
  unreachable.run("+ 400000\n= error unreachable");

  const open = createScript(options).run(`${active}write 3000\n> . 1(1000)\n> . 1001(1000)\n> . 2001(1000)`);
  icmp(open, 3, 3, 1);
  open.run("= state established\n> nothing");
  icmp(open, 3, 4, 1, 600); // RFC 1191: 600 - 40.
  open.run("> . 1(560)\n> . 561(560)");
  // The next connection there knows it, for ten minutes (6.3).
  open.sent.length = 0;
  open.run("reset\n> * R.");
  const opened = (size: number): string => `connect
    > * S
    < S. 0 ack 1 mss 1000
    > * .
    write 3000
    > . 1(${size})`;
  open.run(opened(560));
  open.sent.length = 0;
  open.run("reset\n> * R.\n+ 600001").run(opened(1000));
});

// RFC 5961.
script(
  "RFC 5961, 3: a reset beside the next number is asked about, outside of the window ignored",
  `${passive}
  < R 2
  > . 1 ack 1
  < R 500000
  > nothing
  < R 1
  = error reset`,
);
script(
  "RFC 5961, 4: a SYN into a connection is asked about",
  `${passive}
  < S 10
  > . 1 ack 1
  < S 900000
  > . 1 ack 1
  = state established`,
);
script(
  "RFC 5961, 5: neither acknowledgements of the future nor of long ago are believed",
  `${passive}
  < P. 1(10) ack 5
  > . 1 ack 1
  < P. 1(10) ack -70000
  > . 1 ack 1
  = data 0`,
);
script(
  "RFC 5961, 7: challenges are few",
  `${passive}
  ${"< S 10\n> . 1 ack 1\n".repeat(10)}
  < S 10
  > nothing`,
);

// RFC 7323.
script(
  "RFC 7323, 2: windows are scaled where both say so, SYNs never",
  `
  listen
  < S 0 mss 1000 ws 3 win 100
  > S. 0 ack 1 win 65535 ws 3
  < . 1 ack 1 win 1000
  write 9000
  > . 1(1000)
  > . 1001(1000)
  > . 2001(1000)
  > . 3001(1000)
  > . 4001(1000)
  > . 5001(1000)
  > . 6001(1000)
  > . 7001(1000)
  > nothing
  < P. 1(10) ack 8001 win 1000
  > . 8001(1000) ack 11`,
);
script(
  "RFC 7323, 2.2: not where one does not",
  `
  listen
  < S 0 mss 1000
  > S. 0 ack 1 nows`,
);
script(
  "RFC 7323, 3 and 5: timestamps are echoed; older ones are old duplicates; who agreed on them sends them",
  `
  listen
  < S 0 mss 1000 ts 1000 0
  > S. 0 ack 1 echo 1000
  < . 1 ack 1 ts 1010 0
  < P. 1(10) ack 1 ts 1020 0
  > . 1 ack 11 echo 1020
  < P. 11(10) ack 1 ts 990 0
  > . 1 ack 11 echo 1020
  < P. 11(10) ack 1
  > nothing
  = data 10
  < P. 11(10) ack 1 ts 1020 0
  > . 1 ack 21 echo 1020
  < P. 31(10) ack 1 ts 1050 0   # out of order: not its timestamp
  > . 1 ack 21 echo 1020`,
);
