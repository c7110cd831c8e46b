// The library with TCP/IP and HTTP: for programs that use them. It is twice as large.
import { defineGlobals, modules } from "./core";
import * as dns from "./dns";
import { fetch } from "./http/fetch";
import { FormData } from "./http/form-data";
import { Headers } from "./http/headers";
import { Request, Response } from "./http/message";
import { serve } from "./http/server";
import { ReadableStream, ReadableStreamDefaultReader, TransformStream, WritableStream } from "./streams";
import {
  ByteLengthQueuingStrategy,
  CountQueuingStrategy,
  TextDecoderStream,
  TextEncoderStream,
} from "./text-streams";
import * as tcp from "./tcp";
import * as udp from "./udp";

Object.assign(modules, { dns, http: { fetch, serve }, tcp, udp });
defineGlobals({
  ByteLengthQueuingStrategy, CountQueuingStrategy, FormData, Headers, ReadableStream, ReadableStreamDefaultReader, Request, Response,
  TextDecoderStream, TextEncoderStream, TransformStream, WritableStream, fetch,
}); // prettier-ignore

export * from "./core";
