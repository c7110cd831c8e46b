// solo5 relay: lets unikernels in pages reach the network of this host, by Wisp over WebSockets.
import { statusOf } from "../abi/signals.js";
import { Solo5Error } from "../bytes/error.js";
import { decodeText } from "../bytes/text.js";
import { nodeSockets } from "../host/any/sockets.js";
import { startRelay } from "../host/any/wisp-server.js";
import { parseAddress } from "../ip/index.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import { parseAllowed } from "../net/user/options.js";
import { readFile } from "../host/any/files.js";
import type { relayOptions } from "../tender/options.js";
import { valueOf } from "../tender/parse-options.js";
import type { Ended } from "../tender/instrument.js";
import { print, UsageError } from "./command.js";
import type { Invocation } from "./own-command.js";
import { withSignals } from "./signals.js";

const usual = { address: "127.0.0.1", port: 5001, connections: 64, streams: 256 } as const;
/** A token that can be guessed is none. */
const shortestToken = 16;

type Option = keyof typeof relayOptions;

function readTokens(file: string): readonly string[] {
  const tokens = decodeText(readFile(file)).split(/\r?\n/).filter((line) => line !== ""); // prettier-ignore
  if (tokens.length === 0) throw new Solo5Error("RELAY", `${file}: no token`);
  // Which one it is, is not said.
  if (tokens.some((token) => token.length < shortestToken || !/^[\w.~-]+$/.test(token)))
    throw new Solo5Error("RELAY", `${file}: tokens have ${shortestToken} letters, digits or -._~ at least`);
  return tokens;
}

export async function relayCommand({ given, operands }: Invocation<Option>): Promise<number> {
  if (operands.length > 0) throw new UsageError(`no operands, not ${operands.join(" ")}`);
  const all = (option: Option): readonly string[] =>
    given.filter((one) => one.option === option).map(({ value }) => value);
  const count = (option: Option, otherwise: number): number => {
    const value = valueOf(given, option);
    if (value !== undefined && !/^[1-9]\d{0,8}$/.test(value))
      throw new UsageError(`--${option} is a number from 1, not ${value}`);
    return value === undefined ? otherwise : Number(value);
  };
  const [, address = usual.address, port = usual.port] =
    /^(?:(\[[^\]]+\]|[^:]+):)?(\d{1,5})$/.exec(valueOf(given, "listen") ?? `${usual.port}`) ??
    (() => {
      throw new UsageError("--listen is [ADDR:]PORT");
    })();
  const tokens = all("token-file").flatMap(readTokens);
  const origins = all("origin");
  if (tokens.length + origins.length === 0)
    throw new UsageError("nobody may use the relay: --token-file or --origin says who");
  const megabytes = valueOf(given, "megabytes");
  const relay = await startRelay(
    {
      at: { address: parseAddress(address.replace(/^\[|\]$/g, "")), port: Number(port) },
      tokens,
      origins,
      policy: { restrict: valueOf(given, "restrict") !== undefined, allowed: all("allow").map(parseAllowed) },
      connections: count("connections", usual.connections),
      streams: count("streams", usual.streams),
      bytes: megabytes === undefined ? Infinity : count("megabytes", 0) * 1e6,
    },
    nodeSockets(systemErrorMessage),
    systemErrorMessage,
  );
  print(`${relay.url}${tokens.length > 0 ? "TOKEN/" : ""}\n`);
  return withSignals(() => {
    let end = (_how: Ended): void => {};
    const exited = new Promise<Ended>((resolve) => (end = resolve));
    return {
      exited,
      signal(name) {
        relay.close();
        end({ status: statusOf(name) });
      },
    };
  }, "solo5");
}
