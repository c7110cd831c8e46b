#!/usr/bin/env node
// The command solo5-hvt: commands/solo5-hvt.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-hvt", () => import("./commands/solo5-hvt.js"));
