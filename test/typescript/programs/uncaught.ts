import { fail } from "./fails.js";

export interface Unused {
  readonly nothing: string;
}

console.log("begun");
setTimeout(() => {
  fail("deep");
}, 1);
setTimeout(() => console.log("not reached"), 50);
