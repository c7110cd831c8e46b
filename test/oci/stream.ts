// A client of a CRI's streams, as a kubelet's API server is one: WebSocket with channels, the first byte of each message.
// k8s.io/apimachinery, pkg/util/remotecommand has the numbers; k8s.io/kubelet, pkg/cri/streaming what is done with them.
// URL [TEXT [END]]: sends TEXT on the first channel, and prints what came on each, until one ends with END or
// the other end closes.
import { WebSocket } from "ws";

const [url = "", text = "", end = ""] = process.argv.slice(2);
const received: string[] = [];
const socket = new WebSocket(url.replace(/^http/, "ws"), ["v4.channel.k8s.io"]);
socket.on("open", () => {
  if (text !== "") socket.send(Buffer.concat([Uint8Array.of(0), Buffer.from(text)]));
});
socket.on("message", (message) => {
  const channel = message[0] ?? 0;
  const all = (received[channel] ?? "") + message.toString("latin1", 1);
  received[channel] = all;
  // A port's stream stays after its connection.
  if (end !== "" && all.endsWith(end)) socket.close();
});
socket.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
socket.on("close", () => process.stdout.write(`${JSON.stringify(received)}\n`));
