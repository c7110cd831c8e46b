// The library as one expression. What its tables of constants hold stands in the text as numbers: the engine would look up each
// name whenever it comes by.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { flag } from "../../src/ip/tcp/segment.js";
import { event } from "../../src/ip/tcp/handlers.js";
import { mode, state } from "../../src/ip/tcp/states.js";
import { guestSource } from "../../src/toolchain/layout.js";

const tables: Readonly<Record<string, Readonly<Record<string, number>>>> = { event, flag, mode, state };

/** A member of a table by its name, which is no member of anything itself. */
const member = new RegExp(`(?<![.\\w$])(${Object.keys(tables).join("|")})\\.(\\w+)\\b`, "g");

const withNumbers = (text: string): string =>
  text.replace(member, (whole, table: string, name: string) => `${tables[table]?.[name] ?? whole}`);

const numbers: Plugin = {
  name: "numbers",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/]ip[\\/]tcp[\\/].*\.ts$/ }, ({ path }) => ({
      contents: withNumbers(readFileSync(path, "utf8")),
      loader: "ts",
    }));
  },
};

export async function libraryBundle(library: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(guestSource, "typescript", "library", `${library}.ts`)],
    bundle: true,
    format: "iife",
    globalName: "library",
    minify: true,
    target: "es2023",
    logLevel: "warning",
    plugins: [numbers],
    write: false,
  });
  return `(function () { ${outputFiles[0]?.text ?? ""}; return library; })()`;
}
