// solo5:process: arguments and the end.
import { host, exchangeBytes } from "./host";
import { TextDecoder } from "./encoding";

/** All words of the command line. */
export function words(): string[] {
  const length = host.commandLine();
  const text = new TextDecoder().decode(exchangeBytes.slice(0, length));
  return text.split(" ").filter((word) => word !== "");
}

/** Words that say how the network is to be set up: ip.ts reads them. */
const network = /^--(?:ipv4|ipv4-gateway|ipv6|dns)=/;

export const networkWords = (): string[] => words().filter((word) => network.test(word));

/** The program's arguments: the words that are not about the network. */
export const args = (): string[] => words().filter((word) => !network.test(word));

/** Ends the program at once. */
export function exit(status = 0): never {
  return host.exit(status);
}
