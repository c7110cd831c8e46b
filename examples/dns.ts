// A DNS server for one zone (RFC 1035): npx solo5 build dns.ts --net:service=tap0 -o dns -- --ipv4=10.0.0.53/24
import { bind } from "solo5:udp";

const zone: Readonly<Record<string, string>> = {
  "www.example.test": "10.0.0.80",
  "mail.example.test": "10.0.0.25",
};

/** The name of a question, and where it ends; undefined where it is none. */
function readName(
  bytes: Uint8Array,
  start: number,
): { readonly name: string; readonly end: number } | undefined {
  const labels: string[] = [];
  for (let at = start; ;) {
    const length = bytes[at];
    if (length === undefined || length > 63) return undefined;
    if (length === 0) return { name: labels.join("."), end: at + 1 };
    if (at + 1 + length > bytes.length) return undefined;
    labels.push(String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length)).toLowerCase());
    at += 1 + length;
  }
}

/** The answer to a query for one name of type A; undefined for what is no query. */
function answer(query: Uint8Array): Uint8Array | undefined {
  const view = new DataView(query.buffer, query.byteOffset, query.length);
  if (query.length < 12 || (view.getUint16(2) & 0x8000) !== 0 || view.getUint16(4) !== 1) return undefined;
  const question = readName(query, 12);
  if (question === undefined || question.end + 4 > query.length) return undefined;
  const isAddress = view.getUint16(question.end) === 1 && view.getUint16(question.end + 2) === 1;
  const address = zone[question.name];
  const records = isAddress && address !== undefined ? 1 : 0;
  const end = question.end + 4;
  const out = new Uint8Array(end + records * 16);
  out.set(query.subarray(0, end));
  const head = new DataView(out.buffer);
  // An authoritative answer, with the query's wish for recursion; 3 is that there is no such name.
  head.setUint16(2, 0x8400 | (view.getUint16(2) & 0x0100) | (address === undefined ? 3 : 0));
  [1, records, 0, 0].forEach((count, i) => head.setUint16(4 + 2 * i, count));
  if (records === 1) {
    // The name by a pointer to the question's, type A, class IN, 60 s, 4 bytes.
    head.setUint16(end, 0xc00c);
    head.setUint32(end + 2, 0x00010001);
    head.setUint32(end + 6, 60);
    head.setUint16(end + 10, 4);
    out.set((address ?? "").split(".").map(Number), end + 12);
  }
  return out;
}

bind({ port: 53 }, ({ data, reply }) => {
  const response = answer(data);
  if (response !== undefined) reply(response);
});
