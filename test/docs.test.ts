// The documents against the code and each other: every section that a comment cites is there, every link leads somewhere.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { projectRoot } from "./project.js";

const read = (file: string): string => readFileSync(join(projectRoot, file), "utf8");
const below = (folder: string, ends: RegExp): readonly string[] =>
  readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => ends.test(name))
    .map((name) => join(folder, name));

const sources = [
  ...["src", "build", "test", "bench"].flatMap((folder) => below(folder, /\.ts$/)),
  ...below("guest", /\.(?:[chS]|cc|lds)$/),
];
const documents = [
  ...readdirSync(projectRoot).filter((name) => name.endsWith(".md")),
  ...below("docs", /\.md$/),
];

/** Text without what is printed as it is. */
const prose = (file: string): string => read(file).replaceAll(/^```[^]*?^```$|`[^`\n]*`/gm, "");

/** `## 3. hvt` and `### 3.2 Memory` are sections 3 and 3.2. */
const sectionsOf = (file: string): ReadonlySet<string> =>
  new Set([...read(file).matchAll(/^##+ (\d+(?:\.\d+)?)\.? /gm)].map(([, number = ""]) => number));

const number = String.raw`\d+(?:\.\d+)?`;
const citation = new RegExp(
  String.raw`(docs/[a-z-]+\.md) (${number}(?:(?:,? and |, | to | \(\w+\) or )${number})*)`,
  "g",
);

test("every section that is cited is there", () => {
  let count = 0;
  const wrong = sources.flatMap((file) =>
    [...read(file).matchAll(citation)].flatMap(([, document = "", list = ""]) => {
      const sections = sectionsOf(document);
      const cited = list.match(new RegExp(number, "g")) ?? [];
      count += cited.length;
      return cited.filter((one) => !sections.has(one)).map((one) => `${file}: ${document} ${one}`);
    }),
  );
  assert.deepEqual(wrong, []);
  assert.ok(count > 60, `${count} citations`);
});

test("every document that a comment names is there", () => {
  const wrong = sources.flatMap((file) =>
    [...read(file).matchAll(/\b(?:docs\/)?[\w-]+\.md\b/g)]
      .map(([name]) => name)
      .filter((name) => ![name, join("docs", name)].some((one) => existsSync(join(projectRoot, one))))
      .map((name) => `${file}: ${name}`),
  );
  assert.deepEqual(wrong, []);
});

/** What GitHub makes of a heading. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

test("every link leads to a file, and to a heading of it", () => {
  const wrong = documents.flatMap((file) =>
    [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link = ""]) => link)
      .filter((link) => !/^[a-z]+:/.test(link))
      .filter((link) => {
        const [path = "", heading] = link.split("#");
        const target = path === "" ? file : relative(projectRoot, resolve(projectRoot, dirname(file), path));
        if (!existsSync(join(projectRoot, target))) return true;
        if (heading === undefined) return false;
        const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) => anchor(text));
        return !headings.includes(heading);
      })
      .map((link) => `${file}: ${link}`),
  );
  assert.deepEqual(wrong, []);
});

test("every file of ours that a document names is there", () => {
  const wrong = documents.flatMap((file) =>
    [...read(file).matchAll(/`((?:src|test|build|bench|guest)\/[\w./-]*\w)`/g)]
      .map(([, path = ""]) => path)
      .filter((path) => !existsSync(join(projectRoot, path)))
      .map((path) => `${file}: ${path}`),
  );
  assert.deepEqual(wrong, []);
});
