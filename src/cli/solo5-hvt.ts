#!/usr/bin/env node
// solo5-hvt: runs a unikernel of the hvt target, in a virtual machine. ABI.md 6.6.
import { hostDevices } from "../linux/host-devices.js";
import { chooseEngine, start } from "../node/engines.js";
import { attach } from "../tender/attach.js";
import { classicOptions } from "../tender/options.js";
import { forwardSignals } from "./signals.js";
import { tenderMain } from "./tender.js";

await tenderMain("hvt", classicOptions, ({ unikernel, options, given, name }) => {
  const plan = attach(unikernel, options, hostDevices);
  const engine = chooseEngine(plan, given.findLast(({ option }) => option === "engine")?.value);
  const running = start(plan, engine.name, { name, reporter: "solo5-hvt" });
  return forwardSignals(running.status, running.signal);
});
