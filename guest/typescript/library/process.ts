// solo5:process: arguments and the end.
import { host, exchangeBytes } from "./host";
import { TextDecoder } from "./encoding";

/** The words of the command line. */
export function args(): string[] {
  const length = host.commandLine();
  const text = new TextDecoder().decode(exchangeBytes.slice(0, length));
  return text.split(" ").filter((word) => word !== "");
}

/** Ends the program at once. */
export function exit(status = 0): never {
  return host.exit(status);
}
