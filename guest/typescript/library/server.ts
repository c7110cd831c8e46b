// The library of plain servers: TCP/IP and HTTP, without what only clients, forms and other protocols take.
import { defineGlobals, defineModules } from "./base";
import { Headers } from "./http/headers";
import { Request, Response } from "./http/message";
import { serve } from "./http/server";
import { ReadableStream } from "./streams";

defineModules({ http: { serve } });
defineGlobals({ Headers, ReadableStream, Request, Response });

export * from "./base";
