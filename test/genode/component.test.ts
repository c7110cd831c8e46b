// The component behind solo5.lib.so, compiled as strictly as Genode's build system does against headers of our own that declare what it
// uses of Genode's and play the system; and what it does with sessions. It has never met Genode.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { execute } from "../command.js";
import { needs } from "../needs.js";
import { projectRoot } from "../project.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-genode-"));
after(() => rmSync(folder, { recursive: true }));
const component = join(projectRoot, "guest/genode/src/lib/solo5");
const sources = readdirSync(component).filter((name) => name.endsWith(".cc"));

test(
  "the component compiles, and does with sessions what unikernels ask for",
  { skip: needs.program("g++") },
  async () => {
    const declared = [
      "-isystem",
      join(projectRoot, "test/genode/include"),
      "-isystem",
      join(projectRoot, "guest/include"),
      "-I",
      component,
    ];
    const strict = ["-Wall", "-Wextra", "-Weffc++", "-Wsuggest-override", "-Wconversion", "-Werror"];
    const program = join(folder, "component");
    const files = sources.map((name) => join(component, name));
    execFileSync("g++", ["-std=gnu++20", "-O1", ...strict, ...declared, ...files, "-x", "c++", "-Wno-conversion", "-Wno-effc++", join(projectRoot, "test/genode/world.cc"), "-o", program], { env: { ...process.env, TMPDIR: folder } }); // prettier-ignore
    for (const args of [[], ["no clock"]]) {
      const { stdout, status } = await execute(program, args);
      const lines = stdout.trimEnd().split("\n");
      const warning = "[log] Warning: Solo5: no Rtc session: wall time begins at 0";
      assert.deepEqual(lines.filter((line) => line !== warning), ["static constructors", "[log] a line", "[log] ", "[log] two", "lines", "[log] fine", "exit 42"]); // prettier-ignore
      assert.equal(lines.includes(warning), args.length > 0);
      assert.equal(status, 0);
    }
  },
);

test("the library's build names each source, and its functions are those of the stub", () => {
  const build = readFileSync(join(projectRoot, "guest/genode/lib/mk/solo5.mk"), "utf8");
  const named = /^SRC_CC\s*=(.*)$/m.exec(build)?.[1]?.trim().split(/\s+/) ?? [];
  assert.deepEqual(named.toSorted(), sources.toSorted());
  // Genode's own base library has the stack protector's two names.
  const names = (text: string): readonly string[] =>
    [...text.matchAll(/^(?:solo5_\w+_t|void|extern "C" void) (solo5_\w+)\(/gm)]
      .map(([, name = ""]) => name)
      .toSorted();
  const all = sources.map((name) => readFileSync(join(component, name), "utf8")).join("\n");
  const bindings = join(projectRoot, "guest/bindings/genode");
  const own = readFileSync(join(bindings, "bindings.c"), "utf8");
  const shared = [...own.matchAll(/^#include "(\.\.\/common\/.*\.c)"$/gm)];
  const stub = [own, ...shared.map(([, file = ""]) => readFileSync(join(bindings, file), "utf8"))].join("\n");
  assert.deepEqual(names(all), names(stub));
  assert.equal(names(all).length, 13);
});
