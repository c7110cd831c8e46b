// A client as a unikernel to build, that knows nothing but what its network tells it.
import { join } from "node:path";
import { sourceFolder, type Program } from "../unikernels.js";

export const userClient: Program = {
  folder: "user",
  name: "client",
  parts: [{ file: join(sourceFolder("user"), "client.c") }],
  devices: [{ name: "service0", type: "NET_BASIC" }],
};
