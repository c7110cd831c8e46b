// Unikernels of these tests: one that waits, with devices that it never looks at.
import { buildPrograms, programFile, sourceFolder, type Program } from "../unikernels.js";
import { join } from "node:path";

const program = (name: string, devices: NonNullable<Program["devices"]>): Program => ({
  folder: "oci",
  name,
  parts: [{ file: join(sourceFolder("oci"), "wait.c") }],
  devices,
});

const nic = (name: string) => ({ name, type: "NET_BASIC" }) as const;

/** `nic` has one network, `nics` as many as there may be. */
const programs = {
  wait: program("wait", []),
  nic: program("nic", [nic("service0")]),
  nics: program(
    "nics",
    Array.from({ length: 63 }, (_, i) => nic(`service${i}`)),
  ),
} as const;

export async function buildWaiting(): Promise<{ readonly [K in keyof typeof programs]: string }> {
  await buildPrograms(Object.values(programs), ["spt"]);
  return {
    wait: programFile(programs.wait, "spt"),
    nic: programFile(programs.nic, "spt"),
    nics: programFile(programs.nics, "spt"),
  };
}
