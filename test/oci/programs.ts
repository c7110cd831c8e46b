// Unikernels of these tests: one that waits, with devices that it never looks at, and one that tells of frames.
import { buildPrograms, programFile, sourceFolder, type Program } from "../unikernels.js";
import { join } from "node:path";

const program = (
  folder: string,
  name: string,
  devices: NonNullable<Program["devices"]>,
  source = "wait.c",
): Program => ({
  folder: `oci-${folder}`,
  name,
  parts: [{ file: join(sourceFolder("oci"), source) }],
  devices,
});

const nic = (name: string) => ({ name, type: "NET_BASIC" }) as const;

/** Builds the one that tells, for the tests called `user`. */
export async function buildTelling(user: string): Promise<string> {
  const tell = program(user, "tell", [nic("service0")], "tell.c");
  await buildPrograms([tell], ["spt"]);
  return programFile(tell, "spt");
}

interface Waiting {
  readonly wait: string;
  /** Has one network. */
  readonly nic: string;
  /** Has as many as there may be. */
  readonly nics: string;
}

/** Builds them for the tests called `user`, beside which others run at the same time. */
export async function buildWaiting(user: string): Promise<Waiting> {
  const programs = {
    wait: program(user, "wait", []),
    nic: program(user, "nic", [nic("service0")]),
    nics: program(
      user,
      "nics",
      Array.from({ length: 63 }, (_, i) => nic(`service${i}`)),
    ),
  };
  await buildPrograms(Object.values(programs), ["spt"]);
  return {
    wait: programFile(programs.wait, "spt"),
    nic: programFile(programs.nic, "spt"),
    nics: programFile(programs.nics, "spt"),
  };
}
