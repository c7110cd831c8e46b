// solo5-hvt: runs a unikernel of the hvt target, in a virtual machine. docs/abi.md 6.1.
import { hostDevices } from "../../host/this-host.js";
import { attach } from "../../tender/attach.js";
import { classicOptions } from "../../tender/options.js";
import { startAndWait } from "../start.js";
import { tenderMain } from "../tender.js";

await tenderMain("hvt", classicOptions, ({ unikernel, options, given, name }) =>
  startAndWait(attach(unikernel, options, hostDevices), given, { name, reporter: "solo5-hvt" }),
);
