// In a namespace behind a network without root: ADDRESS ECHO RESETTING CLOSED COUNT BYTES. Makes COUNT connections to the port ECHO at a time,
// sends BYTES on two more, has itself reset, and is refused at CLOSED. Prints one line when everything was as it must be.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

const [host = "", echo = "", resetting = "", closed = "", count = "", bytes = ""] = process.argv.slice(2);

/** Sends `data`, ends, and reads until the other side has ended: what came. */
function converse(port: string, data: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), allowHalfOpen: true });
    const chunks: Uint8Array[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => resolve(Buffer.concat(chunks)));
    socket.on("error", reject);
    socket.end(data);
  });
}
const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    const data = Buffer.from(`connection ${i}`);
    assert.equal(Buffer.from(await converse(echo, data)).toString(), data.toString());
  }),
);
await Promise.all(
  [0, 1].map(async () => {
    const data = randomBytes(Number(bytes));
    assert.equal(digest(await converse(echo, data)), digest(data));
  }),
);
await assert.rejects(converse(resetting, Buffer.from("x")), { code: "ECONNRESET" });
await assert.rejects(converse(closed, Buffer.from("x")), { code: "ECONNREFUSED" });
// A reset of this side's is the other side's.
const socket = connect({ host, port: Number(echo) });
await once(socket, "connect");
socket.write("reset");
await once(socket, "data");
socket.resetAndDestroy();
process.stdout.write("as it must be\n");
