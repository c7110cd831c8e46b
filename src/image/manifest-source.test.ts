// The C source of a manifest. Witness: a C compiler.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { manifestDesc } from "../../test/elf-file.js";
import { needs } from "../../test/needs.js";
import { projectRoot } from "../../test/project.js";
import type { Declaration } from "./manifest-json.js";
import { manifestSource } from "./manifest-source.js";

/** The descriptor of the note that gcc makes of `source`. */
function compiled(source: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "solo5-manifest-"));
  try {
    const [object, section] = [join(folder, "manifest.o"), join(folder, "section")];
    const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wno-pedantic"];
    execFileSync(
      "gcc",
      [...strict, "-I", join(projectRoot, "guest/include"), "-c", "-x", "c", "-o", object, "-"],
      {
        input: source,
      },
    );
    execFileSync("objcopy", ["-O", "binary", "-j", ".note.solo5.manifest", object, section]);
    return readFileSync(section).subarray(20);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test(
  "a C compiler makes the note of docs/abi.md 1.3 of it",
  { skip: needs.program("gcc", "objcopy") },
  () => {
    const types = { BLOCK_BASIC: 1, NET_BASIC: 2 } as const;
    const most = Array.from({ length: 63 }, (_, i): Declaration => ({ name: `d${i}`, type: "NET_BASIC" }));
    const lists: readonly (readonly Declaration[])[] = [
      [],
      [
        { name: "service0", type: "NET_BASIC" },
        { name: "x".repeat(67), type: "BLOCK_BASIC" },
      ],
      most,
    ];
    for (const devices of lists) {
      const expected = manifestDesc(devices.map(({ name, type }) => [name, types[type]] as const));
      assert.deepEqual(Buffer.from(compiled(manifestSource(devices))), Buffer.from(expected));
    }
  },
);
