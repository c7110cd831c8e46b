// Whether the host's WebAssembly has tail calls: Chrome 112, Firefox 121, Safari 18.2 and Node 20 do. WebAssembly core
// specification 3.0, 4.6.8 (return_call).
import { webAssembly } from "./host.js";
import { encodeModule } from "./module.js";
import { op } from "./opcodes.js";

/** A function that tail-calls itself. */
const sample = () =>
  encodeModule({
    types: [{ params: [], results: [] }],
    imports: [],
    functions: [{ type: 0, locals: [], code: Uint8Array.of(op.return_call, 0), name: "again" }],
    exports: [],
    elements: [],
  });

let known: boolean | undefined;

export const hasTailCalls = (): boolean => (known ??= webAssembly.validate(sample()));
