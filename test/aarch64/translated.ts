// A virtual CPU whose code is translated before it runs, with the window as plain memory.
import type { PortableVcpu, VcpuOptions } from "../../src/engine/contract.js";
import { newWasmVcpu } from "../../src/engine/aarch64/wasm-vcpu.js";
import { WINDOW_PAGE } from "./state.js";

export const newTranslated = (options: VcpuOptions, threshold = 0): PortableVcpu =>
  newWasmVcpu(
    { ...options, profile: "plain" },
    {
      threshold,
      plain: { size: WINDOW_PAGE + 0x2000, readable: WINDOW_PAGE, writable: WINDOW_PAGE },
    },
  );
