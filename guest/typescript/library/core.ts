// The library without the network: all of the standards' globals that need none, and devices.
import { build, defineGlobals, defineMembers, defineModules } from "./base";
import * as block from "./block";
import { structuredClone } from "./clone";
import { console } from "./console";
import { crypto, getRandomValues } from "./crypto";
import * as fs from "./fs";
import { MessageChannel, MessageEvent, MessagePort } from "./messages";
import * as net from "./net";
import { createSubtle, CryptoKey } from "./subtle";
import { table } from "./table";

defineModules({ block, fs, net });
defineGlobals({ CryptoKey, MessageChannel, MessageEvent, MessagePort, structuredClone });
defineMembers(crypto, { subtle: createSubtle(getRandomValues) });
defineMembers(console, { table });
build.useFiles = fs.useFiles;

export * from "./base";
