// `npm run build`, behind the compiler: the steps in their order, or those that are named.
import { main, UsageError } from "../src/cli/command.js";
import { buildGuest } from "../src/toolchain/build.js";
import { writeApiDocument } from "./api.js";
import { buildRunners } from "./runners/build.js";
import { refreshOciPrograms } from "./runners/oci-program.js";
import { checkPackage } from "./check.js";
import { bundle } from "./bundle.js";
import { writeManPages } from "./man.js";
import { stampTranslator } from "./stamp-translator.js";
import { sweep } from "./sweep.js";
import { copyTypes } from "./types.js";

const steps = {
  sweep,
  stamp: stampTranslator,
  bundle,
  types: copyTypes,
  man: writeManPages,
  async guest() {
    const made = await buildGuest();
    if (made > 0) process.stdout.write(`dist/guest: ${made} files built\n`);
  },
  // Made of runners, where these are there.
  async oci() {
    const made = await refreshOciPrograms();
    if (made > 0) process.stdout.write(`dist/runners: ${made} programs made\n`);
  },
  // Those below are done only where they are named: what takes a while and changes seldom, what is committed, what is published.
  async runners() {
    const made = await buildRunners();
    if (made > 0) process.stdout.write(`dist/runners: ${made} files built\n`);
  },
  api: writeApiDocument,
  check: checkPackage,
} as const satisfies Record<string, () => void | Promise<void>>;
const onlyNamed: ReadonlySet<string> = new Set(["runners", "api", "check"]);
type Step = keyof typeof steps;
const isStep = (name: string): name is Step => Object.hasOwn(steps, name);

await main({
  name: "build",
  usage: `usage: build [${Object.keys(steps).join("|")}]...\n`,
  async run(args) {
    const names = args.length === 0 ? Object.keys(steps).filter((name) => !onlyNamed.has(name)) : args;
    for (const name of names) {
      if (!isStep(name)) throw new UsageError(`there is no step ${name}`);
      await steps[name]();
    }
    return 0;
  },
});
