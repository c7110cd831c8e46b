// A client of Kubernetes' Container Runtime Interface, as a kubelet is one: gRPC over HTTP/2 on a socket. k8s.io/cri-api,
// pkg/apis/runtime/v1/api.proto has the numbers of fields; "gRPC over HTTP2" the framing.
import { connect, type ClientHttp2Session } from "node:http2";
import { connect as connectSocket } from "node:net";
import { encode, Fields, type Message } from "./protobuf.js";

export interface CriClient extends Disposable {
  /** Calls a method of the RuntimeService. Throws Error with the status's message. */
  call(method: string, request: Message): Promise<Fields>;
}

export function criClient(socketPath: string): CriClient {
  const session = connect("http://localhost", { createConnection: () => connectSocket(socketPath) });
  session.on("error", () => {});
  return {
    call: (method, request) => call(session, `/runtime.v1.RuntimeService/${method}`, encode(request)),
    [Symbol.dispose]: () => session.destroy(),
  };
}

function call(session: ClientHttp2Session, path: string, request: Uint8Array): Promise<Fields> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Uint8Array[] = [];
    let status = "2";
    let message = "no status";
    const take = (headers: Readonly<Record<string, unknown>>): void => {
      if (headers["grpc-status"] === undefined) return;
      status = String(headers["grpc-status"]);
      message = decodeURIComponent(String(headers["grpc-message"] ?? ""));
    };
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      if (status !== "0") reject(new Error(message));
      else resolve(new Fields(Buffer.concat(chunks).subarray(5)));
    });
    const head = Buffer.alloc(5);
    head.writeUInt32BE(request.length, 1);
    stream.end(Buffer.concat([head, request]));
  });
}
