// What programs of TypeScript unikernels find: put "solo5/guest" into "types" of tsconfig.json, and "es2024" into "lib".

/// <reference path="./globals.d.ts" />
/// <reference path="./modules.d.ts" />
