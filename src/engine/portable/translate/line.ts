// The thread that translates, as the guest's thread has it: started when a run has gone on for long enough, with what comes
// from it given to whom it is for.
import type { Companion, StartCompanion } from "../../contract.js";
import type { Answer, Made, Request } from "./messages.js";

/** So often a session may end because the guest had written to code that was just translated. */
const MAX_CHANGED = 8;

interface Receiver {
  take(made: Made): void;
  /** The thread has ended, and with it the session there: another may begin. */
  ended(): void;
}

export class Line {
  readonly #start: StartCompanion;
  readonly #failed: () => void;
  readonly #opens: number;
  readonly #receivers = new Map<number, Receiver>();
  #companion: Companion | undefined;
  #sessions = 0;
  #changes = 0;
  #isFailed = false;

  /** `failed` is told that there is no thread, and that sessions get no answers. Nothing is started before `worthMsecs` have passed. */
  constructor(start: StartCompanion, failed: () => void, worthMsecs: number) {
    this.#opens = performance.now() + worthMsecs;
    this.#start = start;
    this.#failed = failed;
  }

  /** Whether there is a thread, or one can be tried. */
  get isUsable(): boolean {
    return !this.#isFailed && this.#changes < MAX_CHANGED;
  }

  isOpen(): boolean {
    return this.#companion !== undefined || performance.now() >= this.#opens;
  }

  /** Makes a session's end of the line. */
  open<T extends Receiver>(make: (session: number) => T): T {
    const session = this.#sessions++;
    const receiver = make(session);
    this.#receivers.set(session, receiver);
    return receiver;
  }

  noteChange(): void {
    this.#changes++;
  }

  post(request: Request): void {
    this.#companion ??= this.#start(
      (message) => {
        // The engine's own, of the same version.
        const answer = message as Answer;
        if (answer.kind === "idle") this.#rest();
        else this.#receivers.get(answer.session)?.take(answer);
      },
      () => {
        this.#isFailed = true;
        this.#failed();
      },
    );
    if (request.kind === "end") this.#receivers.delete(request.session);
    this.#companion.post(request, request.kind === "begin" ? [request.bytes.buffer as ArrayBuffer] : []);
  }

  #rest(): void {
    this.end();
    this.#companion = undefined;
    for (const receiver of this.#receivers.values()) receiver.ended();
  }

  end(): void {
    this.#companion?.end();
  }
}
