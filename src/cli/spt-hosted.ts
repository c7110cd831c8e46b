// solo5-spt where it cannot become the unikernel: a device lives in this process, or another engine is wanted. It is
// a program of its own, read again from the command line, so that solo5-spt is one small file in the usual case.
import { hostDevices } from "../host/this-host.js";
import { attach } from "../tender/attach.js";
import { sptOptions } from "../tender/options.js";
import { startAndWait } from "./start.js";
import { tenderMain } from "./tender.js";

await tenderMain("spt", sptOptions, ({ unikernel, options, given, name }) =>
  startAndWait(attach(unikernel, options, hostDevices), given, { name, reporter: "solo5-spt" }),
);
