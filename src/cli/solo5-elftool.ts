#!/usr/bin/env node
// The command solo5-elftool: commands/solo5-elftool.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-elftool", () => import("./commands/solo5-elftool.js"));
