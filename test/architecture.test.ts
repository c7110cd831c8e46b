// Holds the order of the folders of src/: imports point to the left or up only, and never in a circle.
// The order is DESIGN's, drawn in docs/architecture.md.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { test } from "node:test";
import { projectRoot } from "./project.js";

/** General to specific: a file imports from its own folder and from those before it. */
const order = [
  "bytes",
  "abi",
  "image",
  "isa",
  "wasm",
  "engine",
  "device",
  "ip",
  "net",
  "targets",
  "tender",
  "snapshot",
  "debug",
  "sealed",
  "host",
  "hypervisor",
  "node",
  "browser",
  "oci",
  "launchers",
  "toolchain",
  "typescript",
  "setup",
  "cli",
];

const src = join(projectRoot, "src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(src, file), "utf8");
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(
      (match) => match[1] ?? "",
    );
    const targets = specifiers.map((to) =>
      relative(src, resolve(src, dirname(file), to)).replace(/\.js$/, ".ts"),
    );
    return [file, targets] as const;
  }),
);
const folder = (file: string) => (file.includes(sep) ? (file.split(sep)[0] ?? "") : "");
const isTest = (file: string) => file.endsWith(".test.ts") || file.endsWith(".cases.ts");

test("every folder of src/ has its place in the order", () => {
  const unknown = new Set(files.map(folder).filter((name) => name !== "" && !order.includes(name)));
  assert.deepEqual([...unknown], []);
});

test("every target has the same shape", () => {
  const targets = new Set(
    files.filter((file) => /^targets.[^/\\]+[/\\]/.test(file)).map((file) => file.split(sep)[1] ?? ""),
  );
  assert.ok(targets.size > 2);
  const missing = [...targets].flatMap((target) =>
    ["target.ts", "layout.ts", "calls.ts", join("isa", "x86-64.ts")]
      .map((name) => join("targets", target, name))
      .filter((file) => !files.includes(file)),
  );
  assert.deepEqual(missing, []);
});

/** Hosts know what every host has, those with a C library what POSIX has, and nothing of each other. */
const hostsOf: Readonly<Record<string, readonly string[]>> = {
  any: ["any"],
  posix: ["any", "posix"],
  linux: ["any", "posix", "linux"],
  bsd: ["any", "posix", "bsd"],
  browser: ["browser"],
  script: ["any", "linux", "script"],
};

test("a host imports nothing of another host's", () => {
  const host = (file: string) =>
    file
      .split(sep)
      .at(1)
      ?.replace(/.*\.ts$/, "") ?? "";
  const foreign = files
    .filter((file) => folder(file) === "host" && host(file) !== "" && !isTest(file))
    .flatMap((file) =>
      (imports.get(file) ?? [])
        .filter((to) => folder(to) === "host" && !(hostsOf[host(file)] ?? []).includes(host(to)))
        .map((to) => `${file} imports ${to}`),
    );
  assert.deepEqual(foreign, []);
});

/** Who is Linux's, or chooses by the system; all else runs everywhere. */
const ofLinux = [
  "host/linux/",
  "host/script/",
  "host/this-host.ts",
  "node/engines.ts",
  "oci/",
  "cli/commands/solo5-oci.ts",
  "cli/solo5-spt.ts",
  "setup/check/",
  "setup/net/linux",
];

/** Whoever needs a C library to call, or has those that do ready where frames are the kernel's. */
const ofPosix = [
  ...ofLinux,
  "host/posix/",
  "host/bsd/",
  "host/net-openers.ts",
  "host/pace.ts",
  "hypervisor/",
];

for (const [name, room, users] of [
  ["what works everywhere imports nothing that needs a C library", "host/posix/", ofPosix],
  ["what works on more than one system imports nothing of Linux", "host/linux/", ofLinux],
] as const)
  test(name, () => {
    const inside = (file: string, rooms: readonly string[]) =>
      rooms.some((one) => file.split(sep).join("/").startsWith(one));
    const offenders = files
      .filter((file) => !isTest(file) && !inside(file, users))
      .filter((file) => (imports.get(file) ?? []).some((to) => inside(to, [room])));
    assert.deepEqual(offenders, []);
  });

test("imports point from the specific to the general", () => {
  const upward = files
    .filter((file) => folder(file) !== "" && !isTest(file))
    .flatMap((file) =>
      (imports.get(file) ?? [])
        .filter((to) =>
          // The commands use the public interface as everybody else does.
          folder(to) === ""
            ? folder(file) !== "cli"
            : order.indexOf(folder(to)) > order.indexOf(folder(file)),
        )
        .map((to) => `${file} imports ${to}`),
    );
  assert.deepEqual(upward, []);
});

test("no imports in a circle", () => {
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      return;
    }
    state.set(file, "open");
    for (const to of imports.get(file) ?? []) visit(to, [...path, file]);
    state.set(file, "done");
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(circles, []);
});

/** Libraries in themselves, with the names of their specifications. */
const libraries: ReadonlySet<string> = new Set(["ip", "isa", "wasm", "engine"]);

test("a type's name means one thing", () => {
  const places = new Map<string, string[]>();
  for (const file of files.filter((one) => !isTest(one) && !libraries.has(folder(one))))
    for (const [, name = ""] of readFileSync(join(src, file), "utf8").matchAll(
      /^export (?:interface|type|class) (\w+)\b/gm,
    ))
      places.set(name, [...(places.get(name) ?? []), file]);
  const several = [...places].filter(([, where]) => where.length > 1);
  assert.deepEqual(several, []);
});

test("the portable folders name no host API", () => {
  const portable = new Set(order.slice(0, order.indexOf("sealed") + 1));
  const offenders = files
    .filter((file) => portable.has(folder(file)) && !isTest(file))
    .filter((file) => /from "node:|\bprocess\.|\bBuffer\b/.test(readFileSync(join(src, file), "utf8")));
  assert.deepEqual(offenders, []);
});

/** Names of ISAs and of what is in them: registers, flags' words, opcodes. */
const namesOfIsas =
  /x86|amd64|intel|\bsse\d?\b|x87|aarch64|\barm\b|\b[er](?:[abcd]x|[sd]i|[sb]p|ip|8|9|1[0-5])\b|[xyz]mm|mxcsr|\b[er]flags\b|\bgprs?\b|\b[xwvqds](?:\d|[12]\d|3[01])\b|nzcv|\bel[0-3]\b|fpcr|fpsr|\bsvc\b/i;

test("what engines share names no ISA", () => {
  const inPortable = files.filter((file) => file.split(sep).join("/").startsWith("engine/portable/"));
  assert.ok(inPortable.length > 50);
  const offenders = inPortable
    .filter((file) => !isTest(file))
    .flatMap((file) => {
      const lines = readFileSync(join(src, file), "utf8").split("\n");
      return lines.flatMap((line, at) =>
        namesOfIsas.test(line.replaceAll("V8", "")) ? [`${file}:${at + 1}: ${line.trim()}`] : [],
      );
    });
  assert.deepEqual(offenders, []);
  const imported = inPortable.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((to) => /^(engine|isa)\/(?!portable\/)[^/]+\//.test(to.split(sep).join("/")))
      .map((to) => `${file} imports ${to}`),
  );
  assert.deepEqual(imported, []);
});

test("the ISAs know nothing of each other", () => {
  const isaOf = (file: string) =>
    /^(?:engine|isa)\/(?!portable\/)([^/]+)\//.exec(file.split(sep).join("/"))?.[1];
  const offenders = files.flatMap((file) =>
    (imports.get(file) ?? [])
      .filter((to) => isaOf(file) !== undefined && isaOf(to) !== undefined && isaOf(file) !== isaOf(to))
      .map((to) => `${file} imports ${to}`),
  );
  assert.deepEqual(offenders, []);
});
