// The targets that an engine of ours can run. A new one is a folder and a line here.
import type { TargetName } from "../abi/notes.js";
import type { Target } from "./contract.js";
import { genode } from "./genode/target.js";
import { hvt } from "./hvt/target.js";
import { muen } from "./muen/target.js";
import { spt } from "./spt/target.js";
import { virtio } from "./virtio/target.js";
import { xen } from "./xen/target.js";

export const targets: Readonly<Partial<Record<TargetName, Target>>> = { hvt, spt, virtio, muen, genode, xen };
