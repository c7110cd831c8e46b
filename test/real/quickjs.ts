// QuickJS-ng for the real programs: its WebAssembly from npm as C.
import { join } from "node:path";
import type { Job } from "../../src/toolchain/jobs.js";
import { npmPackage, run } from "./npm.js";

const release = { name: "@jitl/quickjs-ng-wasmfile-release-sync", version: "0.32.0" };

export function quickjsSource(work: string): Job {
  const folder = join(work, "quickjs");
  const output = join(folder, "qjs.c");
  return {
    output,
    inputs: [],
    make: {
      steps: `${release.name}@${release.version}, wasm2c`,
      run: async () => {
        const wasm = join(
          await npmPackage(folder, release.name, release.version),
          "dist/emscripten-module.wasm",
        );
        await run("wasm2c", [wasm, "--module-name=qjs", "-o", output], folder);
      },
    },
  };
}
