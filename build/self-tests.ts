// A step of a release: the self-test unikernels as a package of their own, in dist/self-tests.
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfTestsPackage } from "../src/toolchain/self-tests-folder.js";
import { guestOutput, packageRoot, packageVersion } from "../src/toolchain/layout.js";
import { selfTestsFolder } from "./contents.js";

const readme = `# Self-tests of Solo5 for TypeScript

The unikernels that its tests run, for every target: \`tests/test_NAME.TARGET\`, those of aarch64 in \`tests/aarch64\`. Each prints
\`SUCCESS\` or \`FAILURE\`, or ends as its name says. They are not needed to use the package \`solo5\`.
`;

export function stageSelfTests(): void {
  const folder = join(packageRoot, selfTestsFolder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(guestOutput, "tests"), join(folder, "tests"), { recursive: true });
  cpSync(join(packageRoot, "LICENSE"), join(folder, "LICENSE"));
  const manifest = {
    name: selfTestsPackage,
    version: packageVersion(),
    description: "The self-test unikernels of Solo5 for TypeScript",
    license: "ISC",
    files: ["tests"],
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(folder, "README.md"), readme);
}
