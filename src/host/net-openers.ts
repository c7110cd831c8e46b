// How this host opens networks: beside `this-host.ts`, since what only attaches does without.
import { openersOf } from "./any/net/open.js";
import { thisHost } from "./this-host.js";

export const netOpeners = openersOf(thisHost);
