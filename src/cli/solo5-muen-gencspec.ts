#!/usr/bin/env node
// The command solo5-muen-gencspec: commands/solo5-muen-gencspec.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-muen-gencspec", () => import("./commands/solo5-muen-gencspec.js"));
