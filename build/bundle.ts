// A step of the build: what the package has of JavaScript, in dist/bundle. The commands and the interface of Node share
// their parts; the interface of pages is one module; the engine, most of all code, is there once for both.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { portableEngines } from "../src/engine/engines.js";
import { packageRoot, packageVersion } from "../src/toolchain/layout.js";
import { bundleFolder, engineName, groups, nodeFolder, pageFile, programs, threads } from "./contents.js";
import { buildMerged } from "./merge-chunks.js";

const source = (file: string): string => join(packageRoot, "dist", "src", `${file}.js`);

/** Engines stay outside of whatever loads them, in `folder`. */
const enginesOutside = (folder: string): Plugin => ({
  name: "engines",
  setup({ onResolve }) {
    onResolve({ filter: /\/engine\.js$/ }, ({ kind, path }) => {
      const isa = /^\.\/([^/]+)\/engine\.js$/.exec(path)?.[1];
      if (kind !== "dynamic-import" || isa === undefined) return undefined;
      return { path: `${folder}/${engineName(isa)}.js`, external: true };
    });
  },
});

const common: BuildOptions = {
  absWorkingDir: packageRoot,
  bundle: true,
  // Names of methods stay, and lines: what a stack trace says is to be found.
  minify: true,
  lineLimit: 320,
  format: "esm",
  logLevel: "warning",
};
const node: BuildOptions = {
  ...common,
  platform: "node",
  target: "node20",
  packages: "external",
  outdir: nodeFolder,
  plugins: [enginesOutside("..")],
};
const page: BuildOptions = { ...common, target: "es2022" };

export async function bundle(): Promise<void> {
  rmSync(join(packageRoot, bundleFolder), { recursive: true, force: true });
  await Promise.all([
    buildMerged({ ...node, entryPoints: programs.map(source), entryNames: "[name]" }, groups),
    // Threads load nothing that they do not need.
    build({ ...node, entryPoints: threads.map(source), entryNames: "[name]" }),
    // One small file for the usual case, which is started more often than anything else.
    build({ ...node, entryPoints: [source("cli/solo5-spt")], external: ["./spt-hosted.js"] }),
    // Called several times for each container: one file, of which what is not asked for is not evaluated, and which no module loader waits for.
    build({
      ...node,
      entryPoints: [source("cli/solo5-oci")],
      format: "cjs",
      outExtension: { ".js": ".cjs" },
      banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
      define: { "import.meta.url": "moduleUrl" },
    }),
    build({
      ...page,
      entryPoints: Object.keys(portableEngines).map((isa) => ({
        in: source(`engine/${isa}/engine`),
        out: engineName(isa),
      })),
      outdir: bundleFolder,
      splitting: true,
      chunkNames: "engine-[hash]",
    }),
    build({
      ...page,
      entryPoints: [source("browser/index")],
      outfile: pageFile,
      plugins: [enginesOutside(".")],
    }),
  ]);
  const quick = join(packageRoot, nodeFolder, "solo5-oci.sh");
  // It starts a program of another package, which has to be of this one's version.
  const script = readFileSync(join(packageRoot, "src/oci/quick.sh"), "utf8");
  writeFileSync(quick, script.replace("@version@", packageVersion()), { mode: 0o755 });
}
