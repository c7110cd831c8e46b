// The library with TCP/IP and HTTP: for programs that use them. It is twice as large.
import { defineGlobals, modules } from "./core";
import * as dns from "./dns";
import { fetch } from "./http/fetch";
import { Headers } from "./http/headers";
import { Request, Response } from "./http/message";
import { serve } from "./http/server";
import { ReadableStream, TransformStream, WritableStream } from "./streams";
import * as tcp from "./tcp";
import * as udp from "./udp";

Object.assign(modules, { dns, http: { fetch, serve }, tcp, udp });
defineGlobals({ Headers, ReadableStream, Request, Response, TransformStream, WritableStream, fetch });

export * from "./core";
