// `npm run release`: both packages as tarballs in dist/release, built, linted, checked and then packed.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../src/bytes/error.js";
import { main } from "../src/cli/command.js";
import { packageRoot } from "../src/toolchain/layout.js";
import { checkPackage } from "./check.js";
import { releaseFolder, selfTestsFolder } from "./contents.js";
import { stageSelfTests } from "./self-tests.js";

/** What npm says of its failure is on the terminal already. */
function npm(...args: readonly string[]): void {
  const { status } = spawnSync("npm", args, { cwd: packageRoot, stdio: "inherit" });
  if (status !== 0) throw new Solo5Error("BUILD", `npm ${args.join(" ")}: failed`);
}

await main({
  name: "release",
  usage: "usage: npm run release\n",
  run() {
    const folder = join(packageRoot, releaseFolder);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    npm("run", "--silent", "lint");
    checkPackage();
    stageSelfTests();
    for (const one of [".", `./${selfTestsFolder}`])
      npm("pack", one, "--ignore-scripts", `--pack-destination=${releaseFolder}`);
    return 0;
  },
});
