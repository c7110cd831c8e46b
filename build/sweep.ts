// A step of the build: removes what an earlier one compiled from files that are gone, so that no test of them runs.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../src/toolchain/layout.js";

/** The folders that tsconfig.json includes. */
const compiled = ["src", "build", "test", "bench"] as const;

export function sweep(): void {
  for (const folder of compiled) {
    const output = join(packageRoot, "dist", folder);
    for (const file of readdirSync(output, { recursive: true, encoding: "utf8" })) {
      const name = /^(.*?)(?:\.d\.ts|\.js)$/.exec(file)?.[1];
      if (name !== undefined && !existsSync(join(packageRoot, folder, `${name}.ts`)))
        rmSync(join(output, file));
    }
  }
}
