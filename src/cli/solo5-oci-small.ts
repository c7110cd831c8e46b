// The command solo5-oci without Node: a program that build/runners makes of this and src/host/script.
import { process } from "../host/script/process.js";
import { setPipeSignal } from "../host/script/start.js";
import { solo5Oci } from "./commands/solo5-oci.js";

async function run(): Promise<never> {
  // As Node has it: who writes to a pipe that nobody reads has an error.
  setPipeSignal(1);
  try {
    await solo5Oci();
  } catch (error) {
    const { message, stack = "" } = error as Error;
    process.stderr.write(`solo5-oci: ${message}\n${stack}`);
    process.exitCode = 1;
  }
  return process.exit();
}

void run();
