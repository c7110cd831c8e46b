// Bundles a program with esbuild into one text that the engine evaluates, and finds its statements at the top.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { basename, join, relative } from "node:path";
import { Script } from "node:vm";
import { Solo5Error } from "../bytes/error.js";
import { bundler } from "./esbuild.js";

export interface Bundle {
  /** A function expression: a generator that stops behind every statement at the top, async where the program waits there. */
  readonly source: string;
  /** ECMA-426, as JSON. */
  readonly sourceMap: string;
  /** Lines of `source` in front of what the map maps first. */
  readonly skippedLines: number;
  /** Statements at the top. */
  readonly statements: number;
  /** With `await` at the top. */
  readonly waits: boolean;
}

export interface BundleOptions {
  /** The folder of the modules solo5:*. */
  readonly modules: string;
  /** For `process.env.NAME`. */
  readonly env?: Readonly<Record<string, string>>;
}

const modulesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".js"))
    .map((file) => basename(file, ".js"));

/** Throws Solo5Error `BUNDLE` with a line for each of the program's mistakes. */
export function bundle(file: string, { modules, env = {} }: BundleOptions): Bundle {
  const names = modulesIn(modules);
  const common = [
    file,
    "--bundle",
    "--platform=neutral",
    // Packages say what they have for where Node's modules are not.
    "--main-fields=browser,module,main",
    "--conditions=solo5,worker,browser",
    "--target=es2023",
    "--sourcemap=inline",
    "--sources-content=false",
    "--log-level=error",
    "--color=false",
    "--define:global=globalThis",
    "--define:process.env={}",
    '--define:process.env.NODE_ENV="production"',
    ...Object.entries(env).map(([name, value]) => `--define:process.env.${name}=${JSON.stringify(value)}`),
    ...names.map((name) => `--alias:solo5:${name}=${join(modules, `${name}.js`)}`),
  ];
  const closed = run([...common, "--format=iife"]);
  if ("text" in closed) return takeProgram(closed.text);
  if (!closed.messages.includes("Top-level await is")) throw mistakes(closed.messages, file, names);
  const open = run([...common, "--format=esm"]);
  if ("text" in open) return asAsync(open.text);
  throw mistakes(open.messages, file, names);
}

function run(args: readonly string[]): { readonly text: string } | { readonly messages: string } {
  const { stdout, stderr, status, error } = spawnSync(bundler(), args, {
    encoding: "utf8",
    maxBuffer: 256 << 20,
  });
  if (error !== undefined) throw new Solo5Error("NO_BUNDLER", `cannot run esbuild: ${error.message}`);
  return status === 0 ? { text: stdout } : { messages: stderr };
}

/** What stands in the place of a module of Node. */
const instead: Readonly<Record<string, string>> = {
  buffer: "Uint8Array, TextEncoder and TextDecoder",
  console: "the global console",
  crypto: "the global crypto",
  dgram: "solo5:udp",
  dns: "solo5:dns",
  "dns/promises": "solo5:dns",
  events: "EventTarget",
  fs: "solo5:fs, or solo5:block",
  "fs/promises": "solo5:fs, or solo5:block",
  http: "solo5:http",
  http2: "solo5:http",
  https: "solo5:http, which has no TLS yet",
  net: "solo5:tcp",
  perf_hooks: "the global performance",
  process: "solo5:process",
  querystring: "URLSearchParams",
  stream: "ReadableStream, WritableStream and TransformStream",
  "stream/web": "ReadableStream, WritableStream and TransformStream",
  string_decoder: "TextDecoder",
  timers: "the global setTimeout and setInterval",
  "timers/promises": "the global setTimeout and setInterval",
  url: "the global URL",
  worker_threads: "a unikernel of its own",
};

/** One line for each of esbuild's errors, with file, line and column, from 1. */
function mistakes(messages: string, file: string, names: readonly string[]): Solo5Error {
  const lines = [...messages.matchAll(/\[ERROR\] (.*)\n(?:\s*\n\s+(.+?):(\d+):(\d+):)?/g)].map(
    ([, what = "", where, line, column]) => {
      const missing = /^Could not resolve "(?:node:)?([^"]+)"/.exec(what)?.[1];
      const text =
        missing === undefined
          ? what
          : missing.startsWith("solo5:")
            ? `there is no module ${missing}: ${names.map((name) => `solo5:${name}`).join(", ")}`
            : isBuiltin(`node:${missing}`) || what.includes('"node:')
              ? `a unikernel has no module node:${missing}: use ${instead[missing] ?? "a package of npm that needs none of Node's modules"}`
              : what;
      return where === undefined
        ? `${relative("", file)}: ${text}`
        : `${where}:${line}:${Number(column) + 1}: ${text}`;
    },
  );
  return new Solo5Error("BUNDLE", lines.length === 0 ? messages.trim() : lines.join("\n"));
}

const mapComment = /\n\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/;

function takeMap(text: string): { readonly lines: readonly string[]; readonly sourceMap: string } {
  const match = mapComment.exec(text);
  const sourceMap = match === null ? '{"sources":[],"mappings":""}' : atob(match[1] ?? "");
  return { lines: text.replace(mapComment, "").split("\n"), sourceMap };
}

/** How a program is taken apart: what its text stands in, so that it is whole where this can be parsed, and how it begins and ends. */
interface Form {
  /** Of a line that begins a statement at the top, as esbuild indents. */
  readonly statement: RegExp;
  /** Whether a text is whole statements. */
  isWhole(text: string): boolean;
  readonly head: string;
  /** Behind every statement. */
  readonly stop: string;
}

const parses = (text: string): boolean => {
  try {
    void new Script(text);
    return true;
  } catch {
    return false;
  }
};

/** In a static block `await` and `return` are errors, as they are at the top of a module that does not wait. */
const generator: Form = {
  statement: /^ {2}[^\s})\]]/,
  isWhole: (text) => parses(`class A { static { ${text}\n} }`),
  head: '(function* () { "use strict";',
  stop: "yield;",
};

/** Where it waits, jobs run: it stops at build time only. */
const asyncGenerator: Form = {
  statement: /^[^\s})\]]/,
  isWhole: (text) => parses(`(async function* () { "use strict"; ${text}\n})`),
  head: '(async function* ($build) { "use strict";',
  stop: "if ($build.stops) yield;",
};

function takeApart(
  lines: readonly string[],
  form: Form,
): { readonly source: string; readonly statements: number } {
  const body: string[] = [];
  let statements = 0;
  let piece: string[] = [];
  lines.forEach((line, i) => {
    piece.push(line);
    const next = lines[i + 1];
    const isBoundary = next === undefined || form.statement.test(next);
    if (!isBoundary || !form.isWhole(piece.join("\n"))) return;
    const isComment = piece.every((each) => /^\s*(\/\/|$)/.test(each));
    body.push(...piece.slice(0, -1), isComment ? line : `${line} ${form.stop}`);
    if (!isComment) statements++;
    piece = [];
  });
  return { source: `${form.head}\n${[...body, ...piece].join("\n")}\n})`, statements };
}

/** A bundle that esbuild made as a function that is called. */
export function takeProgram(text: string): Bundle {
  const { lines, sourceMap } = takeMap(text);
  const first = lines.indexOf("(() => {") + 1;
  const body = lines.slice(first, lines.lastIndexOf("})();"));
  return { ...takeApart(body, generator), sourceMap, skippedLines: 1 - first, waits: false };
}

function asAsync(text: string): Bundle {
  const { lines, sourceMap } = takeMap(text);
  const body = lines
    .join("\n")
    .replace(/\nexport \{[^}]*\};\s*$/, "\n")
    .split("\n");
  return { ...takeApart(body, asyncGenerator), sourceMap, skippedLines: 1, waits: true };
}
