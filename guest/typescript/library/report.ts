// Says what was thrown, with a trace in the lines of the source.
import { write } from "./console";
import { inspect, showError } from "./inspect";
import { Unhandled } from "./rejections";
import { mapTrace } from "./traces";

export function report(thrown: unknown): void {
  const isRejection = thrown instanceof Unhandled;
  const error = isRejection ? thrown.reason : thrown;
  const shown = error instanceof Error ? mapTrace(showError(error)) : inspect(error);
  write(`${isRejection ? "Unhandled rejection" : "Uncaught"}: ${shown}\n`);
}
