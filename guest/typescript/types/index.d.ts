/// <reference lib="esnext.disposable" />
// What programs of TypeScript unikernels find: put "solo5/guest" into "types" of tsconfig.json, and "es2024" into "lib".

import "./globals.js";
import "./modules.js";
import "./network.js";
