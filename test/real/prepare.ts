// test/real/prepare: builds the real programs into their cache.
import { Solo5Error } from "../../src/bytes/error.js";
import { buildPrograms } from "./build.js";
import { cacheFolder } from "./cache.js";

try {
  await buildPrograms((text) => process.stdout.write(`${text}\n`));
  process.stdout.write(`real programs: ${cacheFolder}\n`);
} catch (error) {
  if (!(error instanceof Solo5Error)) throw error;
  process.stderr.write(`prepare: ${error.message}\n`);
  process.exitCode = 1;
}
