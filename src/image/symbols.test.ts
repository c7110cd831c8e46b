// Symbol tables. Witness: readelf.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../../test/needs.js";
import { projectRoot } from "../../test/project.js";
import { readUnikernel } from "./unikernel.js";

const files = ["test_hello.spt", "test_cxx.hvt", "test_net.spt", "aarch64/test_tls.hvt"];

test("symbols are those that readelf shows", { skip: needs.program("readelf") }, () => {
  for (const name of files) {
    const path = join(projectRoot, "dist/guest/tests", name);
    const listing = execFileSync("readelf", ["--syms", "--wide", path], { encoding: "utf8" });
    const expected = listing
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([number, , , , , , index, symbol]) => /^\d+:$/.test(number ?? "") && index !== "UND" && symbol)
      .map(
        ([, value, size, , , , , symbol]) => `${symbol} ${Number.parseInt(value ?? "", 16)} ${Number(size)}`,
      );
    const found = readUnikernel(readFileSync(path), name).symbols();
    assert.ok(found.length > 20);
    assert.deepEqual(
      found.map(({ name, address, size }) => `${name} ${address} ${size}`).toSorted(),
      expected.toSorted(),
    );
    assert.ok(found.every(({ address }, i) => i === 0 || address >= (found[i - 1]?.address ?? 0)));
  }
});
