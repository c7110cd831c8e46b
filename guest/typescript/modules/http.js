// solo5:http of TypeScript unikernels: the library has it. What a program does not import it does not name.
const http = () => globalThis[Symbol.for("solo5.modules")].http;
export const fetch = /* @__PURE__ */ (() => http().fetch)();
export const serve = /* @__PURE__ */ (() => http().serve)();
