// The library with everything.
import { defineGlobals, defineMembers, defineModules } from "./core";
import * as dns from "./dns";
import { Body } from "./http/body";
import { fetch } from "./http/fetch";
import { FormData, formOf } from "./http/form-data";
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

defineModules({ dns, http: { fetch, serve }, tcp, udp });
defineGlobals({
  ByteLengthQueuingStrategy, CountQueuingStrategy, FormData, Headers, ReadableStream, ReadableStreamDefaultReader, Request, Response,
  TextDecoderStream, TextEncoderStream, TransformStream, WritableStream, fetch,
}); // prettier-ignore
defineMembers(Body.prototype, {
  formData(this: Body): Promise<FormData> {
    return formOf(this);
  },
});

export * from "./core";
