// The process's arguments with the bytes that they were given with: Node replaces what is no UTF-8. proc_pid_cmdline(5).
import { readFileSync } from "node:fs";
import { decodeText } from "../bytes/text.js";

/** Arguments as `encodeText` gives their bytes; as Node has them where the kernel does not tell. */
export function commandArguments(): readonly string[] {
  const decoded = process.argv.slice(2);
  if (decoded.every((argument) => !argument.includes("\ufffd"))) return decoded;
  const given = kernelArguments().slice(-decoded.length);
  const isSame = given.length === decoded.length && given.every((data, i) => data.toString() === decoded[i]);
  return isSame ? given.map(decodeText) : decoded;
}

/** Empty where there is no /proc. */
function kernelArguments(): readonly Buffer[] {
  let data: Buffer;
  try {
    data = readFileSync("/proc/self/cmdline");
  } catch {
    return [];
  }
  const all: Buffer[] = [];
  for (let at = 0, end; (end = data.indexOf(0, at)) >= 0; at = end + 1) all.push(data.subarray(at, end));
  return all;
}
