#!/usr/bin/env node
// The cross toolchain's wrappers, all of them: what it does depends on the name it is called by, as in
// x86_64-solo5-none-static-cc.
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { parseToolName, runWrapper } from "../toolchain/wrapper.js";
import { main } from "./command.js";

const called = process.argv[1] ?? "";
const real = realpathSync(called);
const name =
  [called, real].map((path) => basename(path)).find((base) => parseToolName(base)) ?? basename(called);

await main({
  name,
  usage: "",
  run: (args) => runWrapper(name, real, args),
});
