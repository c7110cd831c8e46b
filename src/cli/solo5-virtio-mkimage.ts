#!/usr/bin/env node
// The command solo5-virtio-mkimage: commands/solo5-virtio-mkimage.ts.
import { loadCommand } from "./load.js";

await loadCommand("solo5-virtio-mkimage", () => import("./commands/solo5-virtio-mkimage.js"));
