// The error that the host or the user caused: one clear line, a stable code for programs, the cause kept.

/** Thrown for what the host or the user did wrong; what a guest does wrong is data, never an exception. */
export class Solo5Error extends Error {
  /** Stable and made for programs: `NOT_ELF`, `NO_MANIFEST`, `DEVICE_NOT_DECLARED`… */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Solo5Error";
    this.code = code;
  }
}
