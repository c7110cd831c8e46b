#!/usr/bin/env node
// Builds the guest side into dist/guest: bindings and self-tests, what is out of date. Says so if it did anything.
import { buildGuest } from "../toolchain/build.js";
import { main, UsageError } from "./command.js";

await main({
  name: "build-guest",
  usage: "usage: build-guest\n",
  async run(args) {
    if (args.length > 0) throw new UsageError();
    const made = await buildGuest();
    if (made > 0) process.stdout.write(`dist/guest: ${made} files built\n`);
    return 0;
  },
});
