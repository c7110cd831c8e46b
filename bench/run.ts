// npm run bench [SUITE…]: runs the suites one after the other and prints a table for each. Nothing else should run
// meanwhile; figures are ratios within one run wherever they can be.
import { cpus } from "node:os";
import { cpu } from "./cpu.js";
import { debug } from "./debug.js";
import { kvm } from "./kvm.js";
import { modelRows } from "./models.js";
import { native } from "./native.js";
import { net } from "./net.js";
import { network } from "./network.js";
import { oci } from "./oci.js";
import { portable } from "./portable.js";
import { real } from "./real.js";
import { table, type Suite } from "./report.js";
import { others } from "./targets.js";
import { tier } from "./tier.js";
import { shapes } from "./shapes.js";
import { typescript } from "./typescript.js";
import { virtio } from "./virtio.js";

// Rows about the cache name their own.
process.env["SOLO5_CACHE"] = "none";
const suites: readonly Suite[] = [
  native,
  portable,
  cpu,
  real,
  shapes,
  network,
  net,
  tier,
  typescript,
  virtio,
  others,
  kvm,
  modelRows,
  debug,
  oci,
];

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !suites.some((suite) => suite.name === name));
if (unknown !== undefined) {
  process.stderr.write(
    `bench: no suite '${unknown}': choose among ${suites.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(1);
}
process.stdout.write(`${cpus().length} cores of ${cpus()[0]?.model}, Node ${process.version}\n`);
for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  process.stdout.write(`\n## ${suite.name}\n\n`);
  if (suite.skip !== false) process.stdout.write(`left out: ${suite.skip}\n`);
  else process.stdout.write(`${table(await suite.run())}\n`);
}
