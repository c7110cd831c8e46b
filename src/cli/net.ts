// solo5 net: taps and bridges for unikernels, made and taken away: what to type, or with --do done.
import { userInfo } from "node:os";
import { addSteps, lineOf, removeSteps } from "../setup/net/bsd.js";
import { addOnBsd, removeOnBsd } from "../setup/net/bsd-run.js";
import { addLines, removeLines } from "../setup/net/linux-lines.js";
import { addOnLinux, removeOnLinux } from "../setup/net/linux.js";
import {
  checkAddress,
  checkMtu,
  checkName,
  checkNameOf,
  checkUser,
  isSystem,
  systems,
  type AddRequest,
  type SetUpSystem,
} from "../setup/net/request.js";
import type { netSetupOptions } from "../tender/options.js";
import { valueOf } from "../tender/parse-options.js";
import { print, UsageError } from "./command.js";
import type { Invocation } from "./own-command.js";

type Option = keyof typeof netSetupOptions;
type Options = Invocation<Option>["given"];

/** Options that say what is to be there. */
const ofAdd = ["user", "address", "mtu", "bridge", "nat", "out"] as const satisfies readonly Option[];

function systemOf(given: Options): SetUpSystem {
  const wanted = valueOf(given, "for") ?? process.platform;
  if (isSystem(wanted)) return wanted;
  throw new UsageError(
    `networks are set up for ${systems.join(", ")}, not ${wanted}: --for=SYSTEM prints for one`,
  );
}

/** Who will run the unikernel: whoever has become root for this. */
const defaultUser = (): string => process.env["SUDO_UID"] ?? process.env["DOAS_USER"] ?? `${userInfo().uid}`;

function addRequest(system: SetUpSystem, tap: string, given: Options): AddRequest {
  const mtu = valueOf(given, "mtu");
  const bridge = valueOf(given, "bridge");
  const out = valueOf(given, "out");
  const addresses = given
    .filter(({ option }) => option === "address")
    .map(({ value }) => checkAddress(value));
  const hasNat = valueOf(given, "nat") !== undefined;
  if (hasNat && addresses.length === 0)
    throw new UsageError("--nat hides a network, which an --address says");
  if (out !== undefined && !hasNat) throw new UsageError("--out is where --nat leads to");
  if (bridge === tap) throw new UsageError(`${tap} cannot be its own bridge`);
  return {
    tap: checkNameOf(system, "tap", tap),
    user: checkUser(valueOf(given, "user") ?? defaultUser()),
    mtu: mtu === undefined ? undefined : checkMtu(mtu),
    bridge: bridge === undefined ? undefined : checkNameOf(system, "bridge", bridge),
    addresses,
    nat: hasNat ? { out: out === undefined ? undefined : checkName(out) } : undefined,
  };
}

function printLines(system: SetUpSystem, lines: readonly string[]): void {
  print(`# as root, on ${system}; --do does it\n${lines.map((line) => `${line}\n`).join("")}`);
}

function add(system: SetUpSystem, request: AddRequest, isToDo: boolean): void {
  const { tap } = request;
  if (system === "linux") {
    if (!isToDo) return printLines(system, addLines(request));
    addOnLinux(request);
  } else {
    if (!isToDo) return printLines(system, addSteps(system, request).map(lineOf));
    addOnBsd(system, request);
  }
  print(`${tap}: ready: --net:NAME=${tap}\n`);
}

function remove(system: SetUpSystem, name: string, isToDo: boolean): void {
  if (system === "linux") {
    if (!isToDo) return printLines(system, removeLines(name));
    print(`${name}: ${removeOnLinux(name) ? "removed" : "is not there"}\n`);
  } else {
    if (!isToDo) return printLines(system, removeSteps(system, name).map(lineOf));
    print(`${name}: ${removeOnBsd(system, name) ? "removed" : "is not there"}\n`);
  }
}

export function netCommand({ given, operands }: Invocation<Option>): number {
  const [what, name, ...more] = operands;
  if ((what !== "add" && what !== "remove") || name === undefined || more.length > 0)
    throw new UsageError("`add TAP` or `remove NAME`");
  const system = systemOf(given);
  const isToDo = valueOf(given, "do") !== undefined;
  if (isToDo && system !== process.platform)
    throw new UsageError(`--do works here, and this is ${process.platform}, not ${system}`);
  if (what === "add") add(system, addRequest(system, name, given), isToDo);
  else {
    const stray = ofAdd.find((option) => valueOf(given, option) !== undefined);
    if (stray !== undefined) throw new UsageError(`--${stray} is for add`);
    remove(system, checkName(name), isToDo);
  }
  return 0;
}
