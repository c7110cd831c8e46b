// A program gets the first library that has what it names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { libraryFor } from "./library.js";

const provided = new Map([
  ["core", ["console", "structuredClone", "solo5:fs"]],
  ["server", ["console", "Response", "solo5:http"]],
  [
    "network",
    ["console", "structuredClone", "solo5:fs", "Response", "solo5:http", "fetch", "$own", "solo5:tcp"],
  ],
] as const);
const modules = 'globalThis[Symbol.for("solo5.modules")]';

test("the first library that has all that is named, and the whole one otherwise", () => {
  for (const [source, library] of [
    ["", "core"],
    ["structuredClone(1)", "core"],
    ["new Response()", "server"],
    [`${modules}.http.serve()`, "server"],
    [`${modules}.http; structuredClone`, "network"],
    ["fetch()", "network"],
    ["x.fetch", "network"],
    ["prefetch; fetcher; fetch_; $fetch", "core"],
    ["prefetch(fetch)", "network"],
    ["$own", "network"],
    [`${modules}.tcp`, "network"],
    [`${modules}.tcpx`, "core"],
    ["nothing[Symbol].http", "core"],
  ] as const)
    assert.equal(libraryFor(source, provided, false), library, source);
  assert.equal(libraryFor("new Response()", provided, true), "network");
  assert.equal(libraryFor("", provided, true), "core");
});
