// Where the self-test unikernels are: a package of their own, or the build of a checkout.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { guestOutput } from "./layout.js";
import { packageFolder } from "./package-folder.js";

export const selfTestsPackage = "solo5-self-tests";

/** Undefined where they are not there. */
export function selfTestsFolder(): string | undefined {
  const installed = packageFolder(selfTestsPackage);
  if (installed !== undefined) return join(installed, "tests");
  const built = join(guestOutput, "tests");
  return existsSync(built) ? built : undefined;
}
