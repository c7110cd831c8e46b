// docs/config-json.md against the code: its table of fields is the one that bundles are checked by.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configFields } from "../../src/oci/config/fields.js";
import { projectRoot } from "../project.js";

/** The table as the document has it. */
export const fieldTable = (): string =>
  [
    "| field | | |",
    "|---|---|---|",
    ...Object.entries(configFields).map(
      ([name, { effect, why }]) =>
        `| \`${name}\` | ${effect === "none" ? "without effect" : effect} | ${why} |`,
    ),
    "",
  ].join("\n");

test("the table of fields is the code's", () => {
  const document = readFileSync(join(projectRoot, "docs/config-json.md"), "utf8");
  assert.ok(
    document.includes(`\n${fieldTable()}`),
    "docs/config-json.md has another table than src/oci/config/fields.ts",
  );
});
