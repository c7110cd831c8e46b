// The package's version, which the tenders announce as their own.
import { readFileSync } from "node:fs";

/** `version` of package.json. */
export function packageVersion(): string {
  const file = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
