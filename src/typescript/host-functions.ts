// What the library of TypeScript unikernels asks of its host: the runner in C, or the build, where all but the first few are
// a reason to stop. Numbers stand in compiled programs' memory, so that runner and image have to be of one build.

/** By number, from 1. Arguments and results are numbers, but for buffers. */
export const hostFunctions = [
  // (buffer, offset, length)
  "consoleWrite",
  // (status)
  "exit",
  // (): milliseconds
  "monotonicTime",
  "wallTime",
  // (buffer, offset, length): 1, or 0 where there is no source of randomness
  "randomBytes",
  // (): length
  "commandLine",
  // (deadline in milliseconds): the set of devices that have something, as a number
  "wait",
  // (length of the name): handle or -1; the exchange buffer holds what is known of the device
  "acquireNet",
  "acquireBlock",
  // (handle, position, buffer, offset, length): the result
  "blockRead",
  "blockWrite",
  // (text without U+0000): an ArrayBuffer of its UTF-8. The two that only compute are there at build time, too.
  "encodeText",
  // (buffer, offset, length): text, or undefined where the bytes are not UTF-8 or have a zero
  "decodeText",
  // (length of the name, whether it is a network device): for the build alone
  "declareDevice",
  // (number, six arguments): the result, or -errno. For programs that are processes of Linux without a filter: host/script.
  "systemCall",
  // (buffer, offset, length): where the bytes are, for a system call
  "addressOf",
  // (handle, buffer, offset, length): length, or minus the result
  "netRead",
  // (handle, buffer, offset, length): the result
  "netWrite",
  // (buffer, from, to): the bytes' sum as src/ip/checksum.ts has it
  "sum",
  // (frame, end, pattern), (frame, head, seq, ack, flags and window, timestamp, echo, length): as src/ip/tcp/frame-head.ts has them
  "agrees",
  "compose",
  // (buffer, from, to): where in it CR LF CR LF stands first, or -1
  "findEmptyLine",
] as const;
export type HostFunction = (typeof hostFunctions)[number];

/** From this one on results are numbers of 32 bits, which calls hand over as they are. */
const firstDirect: HostFunction = "netRead";
export const isDirect = (name: HostFunction): boolean =>
  hostFunctions.indexOf(name) >= hostFunctions.indexOf(firstDirect);

export const hostFunctionId = (name: HostFunction): number => hostFunctions.indexOf(name) + 1;

/** Of the buffer that both sides write to. */
export const exchangeSize = 4096;

const upper = (name: string): string => name.replaceAll(/[A-Z]/g, (char) => `_${char}`).toUpperCase();

/** The numbers for the runner. */
export const hostHeader = (): string =>
  `enum host_function {\n    HOST_REJECTION = 0,\n${hostFunctions
    .map((name) => `    HOST_${upper(name)} = ${hostFunctionId(name)},\n`)
    .join("")}};\n#define FIRST_DIRECT HOST_${upper(firstDirect)}\n#define EXCHANGE_SIZE ${exchangeSize}\n`;
