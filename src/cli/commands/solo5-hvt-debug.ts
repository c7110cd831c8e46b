// solo5-hvt-debug: solo5-hvt with a gdb server, core files and a trace. docs/abi.md 6.1.
import { hostDevices } from "../../host/this-host.js";
import { attach } from "../../tender/attach.js";
import { debugOptions } from "../../tender/options.js";
import { startAndWait } from "../start.js";
import { tenderMain } from "../tender.js";

const command = "solo5-hvt-debug";

await tenderMain(
  "hvt",
  debugOptions,
  ({ unikernel, options, given, name }) =>
    startAndWait(attach(unikernel, options, hostDevices), given, { name, reporter: command }),
  command,
);
