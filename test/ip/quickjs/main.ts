// The tests of src/ip that need nothing of Node but its way to say how they ended, in an engine that has nothing of it.
import "./globals.js";
import "../../../src/ip/checksum.test.js";
import "../../../src/ip/dhcp/message.test.js";
import "../../../src/ip/dns/message.test.js";
import "../connections.test.js";
import "../hostile.test.js";
import "../musts.test.js";
import "../weather.test.js";
import * as fc from "fast-check";
import { runTests } from "./node-test.js";

// The engine is slow here, an interpreter in V8.
fc.configureGlobal({ numRuns: 4 });

async function main(): Promise<void> {
  Object.assign(globalThis, { outcomes: JSON.stringify(await runTests()) });
}
void main();
