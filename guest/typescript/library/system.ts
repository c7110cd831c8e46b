// The library of a program that is a process of Linux with every system call: src/host/script has what it makes of them.
import { host } from "./host";

Object.defineProperty(globalThis, Symbol.for("solo5.system"), {
  value: { call: host.systemCall, addressOf: host.addressOf },
});

export * from "./base";
