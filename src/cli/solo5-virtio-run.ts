#!/usr/bin/env node
// The command solo5-virtio-run: commands/solo5-virtio-run.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-virtio-run", () => import("./commands/solo5-virtio-run.js"));
