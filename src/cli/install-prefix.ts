#!/usr/bin/env node
// install-prefix DIR: the headers, bindings, wrappers and commands under DIR, for other projects' builds. ABI.md 10.
import { resolve } from "node:path";
import { installPrefix } from "../toolchain/install.js";
import { main, UsageError } from "./command.js";

await main({
  name: "install-prefix",
  usage: "usage: npm run install-prefix -- DIR\n",
  run([folder, ...more]) {
    if (folder === undefined || folder.startsWith("-") || more.length > 0) throw new UsageError();
    installPrefix(resolve(folder));
    return 0;
  },
});
