// Where this project stands on disk, for tests and benchmarks that read its files.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json; this module runs from dist/test. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
