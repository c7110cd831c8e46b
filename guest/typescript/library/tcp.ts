// solo5:tcp: connections, by promises.
import { tryParseAddress, type Connection, type Endpoint, type TcpError } from "../../../src/ip/index.js";
import { declareNetwork, defaultDevice, formatAddress, parseAddress } from "./ip";
import { resolveName } from "./names";

export interface Address {
  readonly address: string;
  readonly port: number;
}

export interface ListenOptions {
  readonly port: number;
  readonly address?: string;
  readonly device?: string;
}

export interface ConnectOptions {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  readonly device?: string;
}

export const endpoint = ({ address, port }: Endpoint): Address => ({ address: formatAddress(address), port });

const failures: Readonly<Record<TcpError, string>> = {
  refused: "the connection was refused",
  reset: "the connection was reset",
  timeout: "the connection timed out",
  unreachable: "the host cannot be reached",
  aborted: "the connection was closed",
};

const failure = (error: TcpError): Error => Object.assign(new Error(failures[error]), { code: error });

export class TcpConnection {
  readonly #connection: Connection;
  #error: TcpError | undefined;
  #closed = false;
  #onReadable: (() => void) | undefined;
  #reader: (() => void) | undefined;
  #writer: (() => void) | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.handlers = {
      readable: () => this.#wakeReader(),
      writable: () => this.#wakeWriter(),
      closed: (error) => {
        this.#error = error;
        this.#closed = true;
        this.#wakeReader();
        this.#wakeWriter();
      },
    };
  }

  #wakeReader(): void {
    this.#onReadable?.();
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.();
  }
  #wakeWriter(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    writer?.();
  }

  get remote(): Address {
    return endpoint(this.#connection.remote);
  }
  get local(): Address {
    return endpoint(this.#connection.local);
  }

  /** The next bytes; undefined at the end. */
  async read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const data = this.#connection.read();
      if (data !== undefined) return data;
      if (this.#connection.ended) return undefined;
      if (this.#error !== undefined) throw failure(this.#error);
      if (this.#closed) return undefined;
      if (this.#reader !== undefined) throw new Error("a read of this connection is waiting already");
      await new Promise<void>((resolve) => (this.#reader = resolve));
    }
  }

  /** The next bytes, if they are there; undefined also at the end, which `ended` tells. Throws what `read` rejects with. */
  take(): Uint8Array | undefined {
    const data = this.#connection.read();
    if (data === undefined && this.#error !== undefined && !this.#connection.ended)
      throw failure(this.#error);
    return data;
  }

  get ended(): boolean {
    return this.#closed || this.#connection.ended;
  }

  /** Has `call` called whenever there may be something to take. */
  set onReadable(call: (() => void) | undefined) {
    this.#onReadable = call;
  }

  /** Sends bytes as `write` does; false where its promise would have to be waited for. */
  give(data: Uint8Array): boolean {
    if (this.#error !== undefined || this.#closed) throw failure(this.#error ?? "aborted");
    return this.#connection.write(data);
  }

  /** Resolves when more may be written, after `give` has given false. */
  async roomToGive(): Promise<void> {
    if (this.#closed) throw failure(this.#error ?? "aborted");
    await new Promise<void>((resolve) => (this.#writer = resolve));
    if (this.#error !== undefined) throw failure(this.#error);
  }

  /** Sends bytes; resolves when more may be written. The bytes must not change afterwards. */
  async write(data: Uint8Array): Promise<void> {
    if (!this.give(data)) await this.roomToGive();
  }

  /** Ends the own direction, when all is sent. */
  end(): void {
    this.#connection.end();
  }

  /** Ends, and reads no more. */
  close(): void {
    this.#connection.close();
  }

  /** Ends at once; the other side gets a reset. */
  reset(): void {
    this.#connection.reset();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let data = await this.read(); data !== undefined; data = await this.read()) yield data;
  }
}

/** Has each connection handled; what the handler throws resets its connection and is reported. */
export function listen(
  { port, address, device = defaultDevice }: ListenOptions,
  handle: (connection: TcpConnection) => unknown,
): { close(): void; readonly port: number } {
  const network = declareNetwork(device)();
  const at = address === undefined ? {} : { address: parseAddress(address) };
  return network.stack.tcp.listen({ port, ...at }, (raw) => {
    const connection = new TcpConnection(raw);
    void (async () => {
      try {
        await handle(connection);
      } catch (error) {
        raw.reset();
        throw error;
      }
    })();
  });
}

/** Connects, when the network is set up. Rejects with an error with `code`: refused, timeout, unreachable. */
export async function connect({
  host,
  port,
  device = defaultDevice,
}: ConnectOptions): Promise<TcpConnection> {
  const network = declareNetwork(device)();
  await network.ready;
  const [address] =
    tryParseAddress(host) === undefined ? await resolveName(network, host) : [parseAddress(host)];
  if (address === undefined) throw new Error(`${host} has no address`);
  return new Promise((resolve, reject) => {
    const raw: Connection = network.stack.tcp.connect(
      { remote: { address, port } },
      {
        opened: () => resolve(new TcpConnection(raw)),
        closed: (error) => reject(failure(error ?? "aborted")),
      },
    );
  });
}

/** Declares the device: at the top of a module, for programs whose first use comes later. */
export const device = (name: string): void => void declareNetwork(name);
