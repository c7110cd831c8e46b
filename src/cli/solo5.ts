#!/usr/bin/env node
// The command solo5: commands/solo5.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5", () => import("./commands/solo5.js"));
