// The tables in docs/api.md that the code has the words of: what is exported, and the error codes. A test holds that they are
// what this would write.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { errorCodes } from "../src/bytes/error-codes.js";
import { packageRoot } from "../src/toolchain/layout.js";

const declarations = join(packageRoot, "dist", "src");
const document = join(packageRoot, "docs", "api.md");

interface Export {
  readonly name: string;
  /** The first sentence of its documentation. */
  readonly text: string;
  /** Its declaration, with members. */
  readonly declaration: string;
  /** The file that declares it. */
  readonly file: string;
}

const plain = (comment: string): string =>
  comment
    .replaceAll(/^\s*\/?\*+\/?|\*\/$/gm, " ")
    .replaceAll(/\s+/g, " ")
    .trim();

const firstSentence = (text: string): string => /^.*?[.](?= |$)/.exec(text)?.[0] ?? text;

/** The declaration of `name` in a file. */
function declared(file: string, name: string): Omit<Export, "name"> {
  const text = readFileSync(file, "utf8");
  const found = new RegExp(
    String.raw`(?:(/\*\*(?:(?!\*/)[^])*\*/)\n)?((?:export )?(?:declare )?(?:const|function|interface|type|class|abstract class) ${name}\b[^]*?)(?=\n(?:/\*\*|export |declare |interface |type |import |$))`,
  ).exec(text);
  if (found === null) throw new Error(`${file}: ${name} is not declared there`);
  return { text: firstSentence(plain(found[1] ?? "")), declaration: found[2] ?? "", file };
}

/** `A, type B as C` are A and B, the latter exported as C. */
const namesOf = (list: string): readonly (readonly [own: string, name: string])[] =>
  list
    .split(",")
    .map((entry) => entry.trim().replace(/^type /, ""))
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [own = "", name = own] = entry.split(" as ");
      return [own, name];
    });

/** What a module exports, sorted by name. */
export function exportsOf(module: string): readonly Export[] {
  const file = join(declarations, module);
  const text = readFileSync(file, "utf8");
  const passedOn = [...text.matchAll(/export (?:type )?\{([^}]*)\} from "([^"]*)"/g)].flatMap(
    ([, names = "", from = ""]) =>
      namesOf(names).map(([own, name]) => ({
        name,
        ...declared(resolve(dirname(file), from.replace(/\.js$/, ".d.ts")), own),
      })),
  );
  const renamed = [...text.matchAll(/export (?:type )?\{([^}]*)\};/g)].flatMap(([, names = ""]) =>
    namesOf(names).map(([own, name]) => ({ name, ...declared(file, own) })),
  );
  const own = [
    ...text.matchAll(/^export declare (?:const|function|class) (\w+)|^export (?:interface|type) (\w+) /gm),
  ].map(([, value, type]) => {
    const name = value ?? type ?? "";
    return { name, ...declared(file, name) };
  });
  const all = [...text.matchAll(/export \* from "([^"]*)"/g)].flatMap(([, from = ""]) =>
    exportsOf(relative(declarations, resolve(dirname(file), from.replace(/\.js$/, ".d.ts")))),
  );
  return [...all, ...passedOn, ...renamed, ...own].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

function reference(): string {
  const node = exportsOf("index.d.ts");
  const page = new Set(exportsOf("browser/index.d.ts").map(({ name }) => name));
  const rows = node.map(
    ({ name, text }) => `| \`${name}\` | ${page.has(name) ? "" : "Node alone. "}${cell(text)} |\n`,
  );
  return `| | |\n|---|---|\n${rows.join("")}`;
}

const errors = (): string =>
  `| code | means | way out |\n|---|---|---|\n${Object.entries(errorCodes)
    .map(([code, { means, wayOut }]) => `| \`${code}\` | ${cell(means)} | ${cell(wayOut)} |\n`)
    .join("")}`;

const between = (text: string, name: string, content: string): string =>
  text.replace(
    new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`),
    (_, begin: string, end: string) => `${begin}${content}${end}`,
  );

/** docs/api.md as it should be. */
export const apiDocument = (): string =>
  between(between(readFileSync(document, "utf8"), "reference", reference()), "errors", errors());

export const writeApiDocument = (): void => writeFileSync(document, apiDocument());
