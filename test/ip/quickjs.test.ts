// src/ip is for small engines, too: its tests run once more inside QuickJS, which is what unikernels in TypeScript run in.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildSync } from "esbuild";
import { createEngine } from "../../src/typescript/engine/engine.js";
import { engineFile, runnersOutput } from "../../src/typescript/runners.js";
import { webAssembly } from "../../src/wasm/host.js";
import { projectRoot } from "../project.js";
import { needsRunners } from "../typescript/build.js";
import type { Outcome } from "./quickjs/node-test.js";

const folder = join(projectRoot, "dist/test/ip/quickjs");

test("connections, musts, weather and hostile frames inside QuickJS", { skip: needsRunners }, () => {
  const alias = {
    "node:assert/strict": join(folder, "node-assert.js"),
    "node:test": join(folder, "node-test.js"),
    "node:v8": join(folder, "globals.js"),
    "node:vm": join(folder, "globals.js"),
  };
  const { outputFiles } = buildSync({
    entryPoints: [join(folder, "main.js")],
    bundle: true,
    format: "iife",
    platform: "neutral",
    mainFields: ["module", "main"],
    target: "es2023",
    alias,
    write: false,
  });
  const engine = createEngine(new webAssembly.Module(readFileSync(engineFile(runnersOutput))));
  engine.setMaxStackSize(512 * 1024);
  engine.evaluate(outputFiles[0]?.text ?? "", "tests");
  engine.runJobs();
  const outcomes = JSON.parse(engine.text(engine.evaluate("outcomes", "tests"))) as readonly Outcome[];
  assert.ok(outcomes.length >= 80, `${outcomes.length} tests`);
  assert.deepEqual(
    outcomes.filter(({ error }) => error !== undefined),
    [],
  );
});
