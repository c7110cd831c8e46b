// Streams: WHATWG Streams, as far as bodies need them: default controllers and readers, no byte streams of one's own buffers.
import type { AbortSignal } from "./events";

interface Source<T> {
  start?(controller: Controller<T>): unknown;
  pull?(controller: Controller<T>): unknown;
  cancel?(reason?: unknown): unknown;
  readonly type?: string;
}

interface Controller<T> {
  readonly desiredSize: number | null;
  enqueue(chunk: T): void;
  close(): void;
  error(reason?: unknown): void;
}

interface Strategy<T> {
  readonly highWaterMark?: number;
  readonly size?: (chunk: T) => number;
}

type Result<T> = { done: false; value: T } | { done: true; value: undefined };
interface Waiting<T> {
  resolve(result: Result<T>): void;
  reject(reason: unknown): void;
}

interface PipeOptions {
  readonly preventClose?: boolean;
  readonly preventAbort?: boolean;
  readonly preventCancel?: boolean;
  readonly signal?: AbortSignal;
}

export class ReadableStream<T = unknown> {
  readonly #source: Source<T>;
  readonly #highWaterMark: number;
  readonly #sizeOf: (chunk: T) => number;
  readonly #queue: T[] = [];
  /** Of what is queued. */
  #size = 0;
  readonly #waiting: Waiting<T>[] = [];
  readonly #closing: (() => void)[] = [];
  #state: "readable" | "closing" | "closed" | "errored" = "readable";
  #reason: unknown;
  #isStarted = false;
  #isPulling = false;
  #pullsAgain = false;
  #reader: ReadableStreamDefaultReader<T> | undefined;
  readonly #controller: Controller<T>;

  constructor(source: Source<T> = {}, { highWaterMark = 1, size = () => 1 }: Strategy<T> = {}) {
    this.#source = source;
    this.#highWaterMark = highWaterMark;
    this.#sizeOf = size;
    const desiredSize = () => this.#desiredSize;
    this.#controller = {
      get desiredSize() {
        return desiredSize();
      },
      enqueue: (chunk) => this.#enqueue(chunk),
      close: () => this.#close(),
      error: (reason) => this.#fail(reason),
    };
    const started = source.start?.(this.#controller);
    void this.#startWhen(started);
  }

  static from<T>(items: AsyncIterable<T> | Iterable<T>): ReadableStream<T> {
    const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    return new ReadableStream<T>(
      {
        async pull(controller) {
          const { done, value } = await iterator.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        async cancel(reason) {
          await iterator.return?.(reason as never);
        },
      },
      { highWaterMark: 0 },
    );
  }

  get locked(): boolean {
    return this.#reader !== undefined;
  }

  get #desiredSize(): number | null {
    if (this.#state === "errored") return null;
    return this.#state === "closed" ? 0 : this.#highWaterMark - this.#size;
  }

  #enqueue(chunk: T): void {
    if (this.#state !== "readable") throw new TypeError("the stream is closed");
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting.resolve({ done: false, value: chunk });
    else {
      this.#queue.push(chunk);
      this.#size += this.#sizeOf(chunk);
    }
    this.#pull();
  }

  #close(): void {
    if (this.#state !== "readable") throw new TypeError("the stream is closed");
    this.#state = this.#queue.length > 0 ? "closing" : "closed";
    if (this.#state === "closed") this.#finish();
  }

  #finish(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve({ done: true, value: undefined });
    for (const call of this.#closing.splice(0)) call();
  }

  #fail(reason: unknown): void {
    if (this.#state !== "readable" && this.#state !== "closing") return;
    this.#state = "errored";
    this.#reason = reason;
    this.#queue.length = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    for (const call of this.#closing.splice(0)) call();
  }

  #pull(): void {
    const wants = this.#waiting.length > 0 || (this.#desiredSize ?? 0) > 0;
    if (!this.#isStarted || this.#state !== "readable" || !wants) return;
    if (this.#isPulling) {
      this.#pullsAgain = true;
      return;
    }
    this.#isPulling = true;
    void this.#pullWhen(this.#source.pull?.(this.#controller));
  }

  async #startWhen(started: unknown): Promise<void> {
    try {
      await started;
      this.#isStarted = true;
      this.#pull();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  async #pullWhen(pulled: unknown): Promise<void> {
    try {
      await pulled;
      this.#isPulling = false;
      if (!this.#pullsAgain) return;
      this.#pullsAgain = false;
      this.#pull();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #read(): Promise<Result<T>> {
    if (this.#queue.length > 0) {
      const value = this.#queue.shift() as T;
      this.#size -= this.#sizeOf(value);
      if (this.#state === "closing" && this.#queue.length === 0) {
        this.#state = "closed";
        this.#finish();
      } else this.#pull();
      return Promise.resolve({ done: false, value });
    }
    if (this.#state === "errored") return Promise.reject(this.#reason);
    if (this.#state === "closed") return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#pull();
    });
  }

  #whenClosed(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = () => (this.#state === "errored" ? reject(this.#reason) : resolve());
      if (this.#state === "closed" || this.#state === "errored") settle();
      else this.#closing.push(settle);
    });
  }

  async #cancel(reason: unknown): Promise<void> {
    if (this.#state === "errored") throw this.#reason;
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#queue.length = 0;
    this.#finish();
    await this.#source.cancel?.(reason);
  }

  getReader(): ReadableStreamDefaultReader<T> {
    if (this.locked) throw new TypeError("the stream is locked to a reader");
    const closed = this.#whenClosed();
    closed.catch(() => {});
    const reader = new ReadableStreamDefaultReader<T>(
      () => this.#read(),
      (reason) => this.#cancel(reason),
      () => (this.#reader = undefined),
      closed,
    );
    this.#reader = reader;
    return reader;
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.locked) throw new TypeError("the stream is locked to a reader");
    await this.#cancel(reason);
  }

  async *values({ preventCancel = false } = {}): AsyncGenerator<T, void> {
    const reader = this.getReader();
    let isWhole = false;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          isWhole = true;
          return;
        }
        yield value;
      }
    } finally {
      if (!isWhole && !preventCancel) await reader.cancel();
      reader.releaseLock();
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void> {
    return this.values();
  }

  tee(): [ReadableStream<T>, ReadableStream<T>] {
    const reader = this.getReader();
    const branches: Controller<T>[] = [];
    let isReading = false;
    let cancelled = 0;
    const pull = async (): Promise<void> => {
      if (isReading) return;
      isReading = true;
      try {
        const { done, value } = await reader.read();
        for (const branch of branches) {
          if (done) branch.close();
          else branch.enqueue(value);
        }
      } catch (error) {
        for (const branch of branches) branch.error(error);
      } finally {
        isReading = false;
      }
    };
    const branch = () =>
      new ReadableStream<T>({
        start: (controller) => void branches.push(controller),
        pull,
        cancel: async (reason) => {
          if (++cancelled === 2) await reader.cancel(reason);
        },
      });
    return [branch(), branch()];
  }

  async pipeTo(to: WritableStream<T>, options: PipeOptions = {}): Promise<void> {
    const { preventClose = false, preventAbort = false, preventCancel = false, signal } = options;
    const writer = to.getWriter();
    const reader = this.getReader();
    let stop: (reason: unknown) => void = () => {};
    /** A promise a chunk: what waits for one of the whole life would pile up there. */
    const unlessStopped = <R>(work: Promise<R>): Promise<R> =>
      signal === undefined
        ? work
        : new Promise((resolve, reject) => {
            stop = reject;
            if (signal.aborted) reject(signal.reason);
            else work.then(resolve, reject);
          });
    const stopped = (): void => stop(signal?.reason);
    signal?.addEventListener("abort", stopped, { once: true });
    /** Whose error it is that ends it: the other side is told. */
    let isWriting = false;
    try {
      for (;;) {
        isWriting = false;
        const { done, value } = await unlessStopped(reader.read());
        if (done) break;
        isWriting = true;
        await unlessStopped(writer.write(value));
      }
      isWriting = true;
      if (!preventClose) await writer.close();
    } catch (error) {
      const isAborted = signal?.aborted === true;
      if ((isAborted || isWriting) && !preventCancel) await reader.cancel(error).catch(() => {});
      if ((isAborted || !isWriting) && !preventAbort) await writer.abort(error).catch(() => {});
      throw error;
    } finally {
      signal?.removeEventListener("abort", stopped);
      reader.releaseLock();
      writer.releaseLock();
    }
  }

  pipeThrough<O>(
    { readable, writable }: { readable: ReadableStream<O>; writable: WritableStream<T> },
    options: PipeOptions = {},
  ): ReadableStream<O> {
    this.pipeTo(writable, options).catch(() => {});
    return readable;
  }
}

export class ReadableStreamDefaultReader<T> {
  readonly closed: Promise<void>;
  #read: (() => Promise<Result<T>>) | undefined;
  readonly #cancel: (reason: unknown) => Promise<void>;
  readonly #release: () => void;

  constructor(
    read: () => Promise<Result<T>>,
    cancel: (reason: unknown) => Promise<void>,
    release: () => void,
    closed: Promise<void>,
  ) {
    this.#read = read;
    this.#cancel = cancel;
    this.#release = release;
    this.closed = closed;
  }

  async read(): Promise<Result<T>> {
    if (this.#read === undefined) throw new TypeError("the reader has been released");
    return this.#read();
  }

  async cancel(reason?: unknown): Promise<void> {
    if (this.#read === undefined) throw new TypeError("the reader has been released");
    await this.#cancel(reason);
  }

  releaseLock(): void {
    if (this.#read !== undefined) this.#release();
    this.#read = undefined;
  }
}

interface Sink<T> {
  start?(controller: { error(reason?: unknown): void }): unknown;
  write?(chunk: T): unknown;
  close?(): unknown;
  abort?(reason?: unknown): unknown;
}

export class WritableStream<T = unknown> {
  readonly #sink: Sink<T>;
  /** What was written is done one after the other. */
  #last: Promise<unknown>;
  #failure: { readonly reason: unknown } | undefined;
  #isClosed = false;
  #isLocked = false;

  constructor(sink: Sink<T> = {}) {
    this.#sink = sink;
    this.#last = Promise.resolve(sink.start?.({ error: (reason) => (this.#failure ??= { reason }) }));
  }

  get locked(): boolean {
    return this.#isLocked;
  }

  async #then(work: () => unknown): Promise<void> {
    const run = async (): Promise<void> => {
      if (this.#failure !== undefined) throw this.#failure.reason;
      try {
        await work();
      } catch (reason) {
        this.#failure ??= { reason };
        throw reason;
      }
    };
    const done = this.#last.then(run, run);
    this.#last = done.catch(() => {});
    return done;
  }

  getWriter() {
    if (this.#isLocked) throw new TypeError("the stream is locked to a writer");
    this.#isLocked = true;
    const last = (): Promise<unknown> => this.#last;
    return {
      get ready(): Promise<unknown> {
        return last();
      },
      get closed(): Promise<unknown> {
        return last();
      },
      desiredSize: 1,
      write: async (chunk: T): Promise<void> => {
        if (this.#isClosed) throw new TypeError("the stream is closed");
        return this.#then(() => this.#sink.write?.(chunk));
      },
      close: async (): Promise<void> => {
        if (this.#isClosed) throw new TypeError("the stream is closed");
        this.#isClosed = true;
        return this.#then(() => this.#sink.close?.());
      },
      abort: async (reason?: unknown): Promise<void> => {
        this.#failure ??= { reason };
        await this.#sink.abort?.(reason);
      },
      releaseLock: (): void => {
        this.#isLocked = false;
      },
    };
  }

  async close(): Promise<void> {
    const writer = this.getWriter();
    await writer.close();
    writer.releaseLock();
  }

  async abort(reason?: unknown): Promise<void> {
    const writer = this.getWriter();
    await writer.abort(reason);
    writer.releaseLock();
  }
}

interface Transformer<I, O> {
  start?(controller: TransformController<O>): unknown;
  transform?(chunk: I, controller: TransformController<O>): unknown;
  flush?(controller: TransformController<O>): unknown;
}
interface TransformController<O> {
  enqueue(chunk: O): void;
  error(reason?: unknown): void;
  terminate(): void;
}

export class TransformStream<I = unknown, O = I> {
  readonly readable: ReadableStream<O>;
  readonly writable: WritableStream<I>;

  constructor(transformer: Transformer<I, O> = {}) {
    let out!: Controller<O>;
    let wanted: () => void = () => {};
    let whenWanted = new Promise<void>((resolve) => (wanted = resolve));
    this.readable = new ReadableStream<O>({
      start: (controller) => void (out = controller),
      pull: () => wanted(),
    });
    const controller: TransformController<O> = {
      enqueue: (chunk) => out.enqueue(chunk),
      error: (reason) => out.error(reason),
      terminate: () => out.close(),
    };
    this.writable = new WritableStream<I>({
      start: () => transformer.start?.(controller),
      async write(chunk) {
        await whenWanted;
        whenWanted = new Promise((resolve) => (wanted = resolve));
        if (transformer.transform === undefined) out.enqueue(chunk as unknown as O);
        else await transformer.transform(chunk, controller);
        if ((out.desiredSize ?? 0) > 0) wanted();
      },
      async close() {
        await transformer.flush?.(controller);
        out.close();
      },
      abort: (reason) => out.error(reason),
    });
  }
}
