// What the tests use of packages that come without types: a Wisp client and server of others, and their WebSocket.
declare module "@mercuryworkshop/wisp-js/client" {
  /** `onmessage(data)` and `onclose(reason)` are told. */
  interface Stream {
    send(data: Uint8Array): void;
    close(reason?: number): void;
  }
  /** `onopen()`, `onclose()` and `onerror()` are told. */
  interface Connection {
    create_stream(host: string, port: number, type?: "tcp" | "udp"): Stream;
    close(): void;
  }
  export const client: { readonly ClientConnection: new (url: string) => Connection };
}
declare module "@mercuryworkshop/wisp-js/server" {
  import type { IncomingMessage } from "node:http";
  import type { Duplex } from "node:stream";
  export const server: {
    readonly options: Record<string, unknown>;
    routeRequest(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
  };
  export const logging: { readonly NONE: number; set_level(level: number): void };
}
declare module "ws" {
  import type { Duplex } from "node:stream";
  export class WebSocket {
    constructor(
      url: string,
      protocols?: readonly string[],
      options?: { readonly headers?: Readonly<Record<string, string>> },
    );
    binaryType: string;
    readonly bufferedAmount: number;
    send(data: Uint8Array | string, options?: { readonly fin: boolean }): void;
    ping(data: string): void;
    close(code?: number): void;
    terminate(): void;
    on(event: "message", listener: (data: Buffer) => void): void;
    on(event: "open", listener: () => void): void;
    on(event: "close", listener: (code: number) => void): void;
    once(event: "pong", listener: (data: Uint8Array) => void): void;
    on(event: "error", listener: (error: Error) => void): void;
  }
  interface SendOptions {
    readonly binary: boolean;
    readonly mask: boolean;
    readonly compress: boolean;
    readonly fin: boolean;
  }
  export class Sender {
    constructor(socket: Duplex);
    send(data: Uint8Array, options: SendOptions): void;
    ping(data: string, mask: boolean): void;
  }
  export class Receiver {
    constructor(options: { readonly isServer: boolean });
    on(event: "message", listener: (data: Uint8Array) => void): void;
    write(bytes: Uint8Array): void;
  }
}
