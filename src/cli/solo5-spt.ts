#!/usr/bin/env node
// solo5-spt: runs a unikernel of the spt target. It seals the unikernel and becomes it, so that nothing of Node
// remains; only where a device lives in this process does this process stay, as a relay. docs/abi.md 6.1 and 4.
import { exec } from "../host/linux/exec.js";
import { hostDevices } from "../host/this-host.js";
import { ignoredSignals } from "../host/linux/ignored-signals.js";
import { hasLibc } from "../host/posix/libc.js";
import { nativeUnsupportedReason } from "../host/linux/unsupported.js";
import { hostedNet, inheritedDescriptors } from "../sealed/kernel-nets.js";
import { seal } from "../sealed/seal.js";
import { attach } from "../tender/attach.js";
import { sptOptions } from "../tender/options.js";
import { valueOf } from "../tender/parse-options.js";
import { say, warn } from "./say.js";
import { tenderMain } from "./tender.js";

const reporter = "solo5-spt";

await tenderMain("spt", sptOptions, async ({ unikernel, options, given, name }) => {
  const plan = attach(unikernel, options, hostDevices);
  const engine = valueOf(given, "engine") ?? "auto";
  const native = ["auto", "native"].includes(engine) && nativeUnsupportedReason(plan) === undefined;
  if (native && hostedNet(plan.devices) === undefined && hasLibc()) {
    if (valueOf(given, "verbose") !== undefined) say(reporter, "engine native");
    warn(plan, reporter);
    const inherited = inheritedDescriptors(plan.devices);
    const image = seal(plan, {
      prefix: `${reporter}: `,
      processName: name,
      ignoredSignals: ignoredSignals(),
    });
    return exec(image, name, inherited);
  }
  await import("./spt-hosted.js");
  return Number(process.exitCode ?? 0);
});
