#!/usr/bin/env node
// The command solo5-oci: commands/solo5-oci.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-oci", () => import("./commands/solo5-oci.js"));
