// DNS messages: what is written is read, anything may be read, and what RFC 1035, 4.1.4 prints is understood.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { codecCases } from "../../../test/ip/codec.cases.js";
import { answerTo, queryFor, readDns, recordType, writeDns, type DnsMessage } from "./message.js";
import { nameBytes } from "./name.js";

const label = fc.string({ unit: fc.constantFrom("a", "B", "z", "0", "-", "_"), minLength: 1, maxLength: 20 });
const name = fc.array(label, { maxLength: 6 }).map((labels) => labels.join("."));
const data = fc.uint8Array({ maxLength: 40 });
const record = fc.oneof(
  fc.record(
    {
      name,
      type: fc.constantFrom(1, 16, 28, 99),
      class: fc.constant(1),
      ttl: fc.nat(0xffffffff),
      data,
    },
    { noNullPrototype: true },
  ),
  fc.record({ name, type: fc.constantFrom(recordType.cname, recordType.ns, recordType.ptr), class: fc.constant(1), ttl: fc.nat(0xffffffff), target: name }, { noNullPrototype: true }).map((it) => ({ ...it, data: nameBytes(it.target) })), // prettier-ignore
);
const records = fc.array(record, { maxLength: 5 });
const message: fc.Arbitrary<DnsMessage> = fc.record(
  {
    id: fc.nat(0xffff),
    response: fc.boolean(),
    opcode: fc.nat(15),
    authoritative: fc.boolean(),
    truncated: fc.constant(false),
    recursionDesired: fc.boolean(),
    recursionAvailable: fc.boolean(),
    code: fc.nat(15),
    questions: fc.array(
      fc.record({ name, type: fc.nat(0xffff), class: fc.nat(0xffff) }, { noNullPrototype: true }),
      { maxLength: 3 },
    ),
    answers: records,
    authorities: records,
    additionals: records,
  },
  { noNullPrototype: true },
);

codecCases({
  message,
  write: writeDns,
  read: readDns,
  understood: (it) => assert.deepEqual(readDns(writeDns(it)), it),
});

test("RFC 1035, 4.1.4: F.ISI.ARPA, FOO.F.ISI.ARPA, ARPA and the root, by pointers; loops are none", () => {
  const text =
    "0001000000040000000000000146034953490441525041000001000103464f4fc00c00010001c01200010001000001000100";
  const read = readDns(Uint8Array.from(Buffer.from(text, "hex")));
  assert.deepEqual(
    read?.questions.map((question) => question.name),
    ["F.ISI.ARPA", "FOO.F.ISI.ARPA", "ARPA", ""],
  );
  const loop = Uint8Array.from([...new Uint8Array(5), 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1]);
  assert.equal(readDns(loop), undefined);
});

test("too much is cut off by whole records, and says so; names that are none are refused", () => {
  const query = queryFor(7, "long.test", recordType.txt);
  const answers = Array.from({ length: 30 }, () => ({ name: "long.test", type: recordType.txt, class: 1, ttl: 1, data: new Uint8Array(50) })); // prettier-ignore
  const bytes = writeDns(answerTo(query, 0, answers), 512);
  const read = readDns(bytes);
  assert.ok(
    bytes.length <= 512 && read?.truncated === true && read.answers.length > 3 && read.answers.length < 10,
  );
  for (const bad of ["a..b", "a\\", "a\\999", "ü\u0100", `${"x".repeat(64)}.test`, Array(130).fill("a").join("."), ".a"]) assert.throws(() => nameBytes(bad), RangeError, bad); // prettier-ignore
  assert.deepEqual(nameBytes("."), Uint8Array.of(0));
  assert.deepEqual(nameBytes("a\\."), Uint8Array.of(2, 97, 46, 0));
  assert.deepEqual(nameBytes("a\\.b.c."), Uint8Array.from([3, 97, 46, 98, 1, 99, 0]));
});
