// The error that the host or the user caused: one clear line, a stable code for programs, the cause kept.
import type { ErrorCode } from "./error-codes.js";

/** Errors of every copy of this module have it: the engine is a file of its own, and packages may be there twice. */
const brand = Symbol.for("solo5.error");

/** Thrown for what the host or the user did wrong; what a guest does wrong is data, never an exception. */
export class Solo5Error extends Error {
  /** Stable and made for programs. */
  readonly code: ErrorCode;

  get [brand](): true {
    return true;
  }

  /** Classes that are made of this one are told apart as usual. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== Solo5Error) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && brand in value;
  }

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Solo5Error";
    this.code = code;
  }
}
