// Becomes Node with the same command line: for what this program cannot do.
import { Solo5Error } from "../../bytes/error.js";
import { strerror } from "../../abi/linux/errno.js";
import { process } from "./process.js";
import { replace, setPipeSignal } from "./start.js";

/** Where Node's program is: quick.sh tells. */
const programVariable = "SOLO5_OCI_NODE";

/** Does not return. Throws Solo5Error where there is no Node. */
export function leaveToNode(): never {
  const { argv, env } = process;
  const program = env[programVariable];
  if (program === undefined)
    throw new Solo5Error(
      "CONTAINER",
      `this needs Node: ${programVariable} must have the path of solo5-oci.cjs`,
    );
  setPipeSignal(0);
  const failed = replace({
    file: "node",
    argv: ["node", program, ...argv.slice(2)],
    env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    path: env["PATH"] ?? "",
  });
  throw new Solo5Error("CONTAINER", `this needs Node: node: ${strerror(-failed)}`);
}

/** Bytes of a unikernel that the engine's memory has room for, several times. */
export const imageMax = 2 ** 26;

export const ownProgram = (): string => "/proc/self/exe";
