// How this host passes the time of guests that wait: beside `this-host.ts`, since what only attaches does without.
import { shared } from "../tender/pace.js";
import { asleep } from "./posix/net/asleep.js";

/** Only Linux's networks can be read by whoever asks. */
export const hostPace = process.platform === "linux" ? asleep : shared;
