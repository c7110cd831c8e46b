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

await tenderMain("spt", sptOptions, async ({ unikernel, options, name }) => {
  const plan = attach(unikernel, options, hostDevices);
  const hosted = plan.devices.some((device) => device.type === "NET_BASIC" && device.dump !== undefined);
  if (!hosted && hasLibc()) {
    const inherited = plan.devices.flatMap(({ source }) => (source.kind === "descriptor" ? [source.fd] : []));
    return exec(seal(plan, { prefix: "solo5-spt: ", processName: name }), name, inherited);
  }
  const { runAsChild } = await import("./child.js");
  return runAsChild(plan, name);
});
