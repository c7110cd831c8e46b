// muen unikernels on our own machine: the self-tests, networks, and what a machine without anything but shared pages must do
// besides.
import assert from "node:assert/strict";
import {
  floodCase,
  netCases,
  quietCase,
  restCase,
  twoInterfacesCase,
  type OwnMachine,
} from "./machine.cases.js";
import { targetCases } from "./target.cases.js";

const machine: OwnMachine = { name: "muen", target: "muen", memMiB: 16 };

targetCases({ target: "muen" });
netCases(machine);
twoInterfacesCase(machine, (text) => {
  const addresses = [...text.matchAll(/MAC: (..):/g)].map(([, first = ""]) => Number.parseInt(first, 16));
  assert.equal(addresses.length, 2);
  for (const first of addresses) assert.equal(first & 3, 2, "of one machine, locally administered");
});
floodCase(machine, { frames: 20_000, inFlight: 100 });
restCase(machine);
quietCase(machine);
