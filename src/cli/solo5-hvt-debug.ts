#!/usr/bin/env node
// The command solo5-hvt-debug: commands/solo5-hvt-debug.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-hvt-debug", () => import("./commands/solo5-hvt-debug.js"));
