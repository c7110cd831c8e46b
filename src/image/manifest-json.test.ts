// Manifests in JSON, both ways, and the messages of docs/abi.md 6.3.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { abiJson, manifestJson, parseManifest } from "./manifest-json.js";

const manifest = (devices: string, more = ""): string =>
  `{ "type": "solo5.manifest", "version": 1, "devices": ${devices}${more} }`;
const refuses = (text: string, message: string): void =>
  assert.throws(() => parseManifest(text, "m.json"), {
    name: "Solo5Error",
    code: "BAD_MANIFEST",
    message: `m.json:${message}`,
  });
const device = (name: string, type = "NET_BASIC"): string => JSON.stringify({ name, type });

test("a manifest's devices, in order", () => {
  const text = manifest(`[ ${device("net0")}, ${device("disk", "BLOCK_BASIC")} ]`);
  assert.deepEqual(parseManifest(text, "m.json"), [
    { name: "net0", type: "NET_BASIC" },
    { name: "disk", type: "BLOCK_BASIC" },
  ]);
  assert.deepEqual(parseManifest(manifest("[]"), "m.json"), []);
});

test("the messages that scripts know", () => {
  refuses("[]", "1: (root): expected OBJECT, got ARRAY");
  refuses("1", "1: (root): expected OBJECT, got INTEGER");
  refuses("{}", "1: missing .type");
  refuses('{ "type": "x" }', '1: .type: invalid value, expected "solo5.manifest"');
  refuses('{ "type": 1 }', "1: .type: expected STRING, got INTEGER");
  refuses('{ "type": "solo5.manifest" }', "1: missing .version");
  refuses('{ "type": "solo5.manifest",\n"version": 2 }', "2: .version: invalid version 2, expected 1");
  const big = '{ "type": "solo5.manifest", "version": 99999999999999999999 }';
  refuses(big, "1: .version: invalid version 9223372036854775807, expected 1");
  refuses('{ "type": null }', "1: .type: expected STRING, got NULL");
  refuses('{ "type": "solo5.manifest", "version": "1" }', "1: .version: expected INTEGER, got STRING");
  refuses('{ "type": "solo5.manifest", "version": 1.0 }', "1: .version: expected INTEGER, got REAL");
  refuses('{ "type": "solo5.manifest", "version": 1 }', "1: missing .devices[]");
  refuses(manifest("{}"), "1: .devices: expected ARRAY, got OBJECT");
  refuses(manifest("[]", ',\n"k": null'), "2: (root): unknown key: k");
  refuses(manifest("[\n1]"), "2: .devices[...]: expected OBJECT, got INTEGER");
  refuses(manifest("[{}]"), "1: .devices[...]: missing .name");
  refuses(manifest('[{ "name": "a" }]'), "1: .devices[...]: missing .type");
  refuses(manifest('[{ "name": 1, "type": "NET_BASIC" }]'), "1: .devices[...]: expected STRING, got INTEGER");
  refuses(manifest('[{ "name": "a", "type": true }]'), "1: .devices[...]: expected STRING, got BOOLEAN");
  refuses(manifest('[{ "name": "a",\n\n"x": 1 }]'), "3: .devices[...]: unknown key: x");
  refuses(manifest(`[${device("")}]`), "1: .devices[...]: .name may not be empty");
  refuses(manifest(`[\n\n${device("a-b")}]`), "3: .devices[...]: name is not alphanumeric");
  refuses(manifest(`[${device("é")}]`), "1: .devices[...]: name is not alphanumeric");
  refuses(manifest(`[${device("x".repeat(68))}]`), "1: .devices[...]: name too long");
  refuses(manifest(`[${device("a")},\n${device("a")}]`), "2: .devices[...]: name a is declared twice");
  refuses(
    manifest(`[${device("a", "NET")}]`),
    "1: .devices[...]: unknown type: NET, expected BLOCK_BASIC or NET_BASIC",
  );
  refuses(
    manifest(`[${device("a", "toString")}]`),
    "1: .devices[...]: unknown type: toString, expected BLOCK_BASIC or NET_BASIC",
  );
  const many = Array.from({ length: 64 }, (_, i) => device(`d${i}`));
  refuses(manifest(`[${many.join(",")}]`), "1: .devices[]: too many entries, maximum 63");
  assert.equal(parseManifest(manifest(`[${many.slice(1).join(",")}]`), "m.json").length, 63);
  assert.equal(parseManifest(manifest(`[${device("x".repeat(67))}]`), "m.json").length, 1);
});

test("a stranger's key cannot break the line", () => {
  refuses(manifest("[]", ', "a\\n\\u001b": 1'), String.raw`1: (root): unknown key: a\u000a\u001b`);
});

test("what query-manifest prints is a manifest", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9]{1,67}$/);
  const declaration = fc.record({
    name,
    type: fc.constantFrom("NET_BASIC" as const, "BLOCK_BASIC" as const),
  });
  const declarations = fc.uniqueArray(declaration, { maxLength: 63, selector: ({ name }) => name });
  fc.assert(
    fc.property(declarations, (devices) => {
      const text = manifestJson(devices);
      assert.deepEqual(parseManifest(text, "m.json"), devices.map((device) => ({ ...device }))); // prettier-ignore
      assert.deepEqual(
        JSON.parse(text),
        JSON.parse(JSON.stringify({ type: "solo5.manifest", version: 1, devices })),
      );
    }),
    { seed: 5010 },
  );
});

test("the documents, as the reference lays them out", () => {
  assert.equal(
    manifestJson([
      { name: "service0", type: "NET_BASIC" },
      { name: "service1", type: "BLOCK_BASIC" },
    ]),
    `{
  "type": "solo5.manifest",
  "version": 1,
  "devices": [
    { "name": "service0", "type": "NET_BASIC" },
    { "name": "service1", "type": "BLOCK_BASIC" }
  ]
}
`,
  );
  assert.equal(manifestJson([]), '{\n  "type": "solo5.manifest",\n  "version": 1,\n  "devices": [\n  ]\n}\n');
  assert.equal(
    abiJson({ target: "hvt", version: 2 }),
    '{\n  "type": "solo5.abi",\n  "target": "hvt",\n  "version": 2\n}\n',
  );
});
