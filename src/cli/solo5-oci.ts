#!/usr/bin/env node
// The command solo5-oci: commands/solo5-oci.ts.
import { loadCommand } from "./load.js";

void loadCommand("solo5-oci", async () => (await import("./commands/solo5-oci.js")).solo5Oci());
