#!/usr/bin/env node
// solo5-spt: runs a unikernel of the spt target. It seals the unikernel and becomes it, so that nothing of Node
// remains; only where a device lives in this process does this process stay, as a relay. ABI.md 6.6 and 7.
import { exec } from "../linux/exec.js";
import { hostDevices } from "../linux/host-devices.js";
import { hasLibc } from "../linux/libc.js";
import { seal } from "../linux/seal.js";
import { attach } from "../tender/attach.js";
import { sptOptions } from "../tender/options.js";
import { tenderMain } from "./tender.js";

await tenderMain("spt", sptOptions, async ({ unikernel, options, given, name }) => {
  const engine = given.findLast(({ option }) => option === "engine")?.value;
  const plan = attach(unikernel, options, hostDevices);
  const hosted = plan.devices.some((device) => device.type === "NET_BASIC" && device.dump !== undefined);
  if (!hosted && hasLibc() && (engine === undefined || engine === "native")) {
    const inherited = plan.devices.flatMap(({ source }) => (source.kind === "descriptor" ? [source.fd] : []));
    return exec(seal(plan, { prefix: "solo5-spt: ", processName: name }), name, inherited);
  }
  const { chooseEngine, start } = await import("../node/engines.js");
  const { forwardSignals } = await import("./signals.js");
  const running = start(plan, chooseEngine(plan, engine).name, { name, reporter: "solo5-spt" });
  return forwardSignals(running.status, running.signal);
});
