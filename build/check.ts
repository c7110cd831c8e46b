// Looks at what `npm pack` would pack: nothing that package.json names is missing, nothing is there that nobody asked
// for, and it is as small as it is meant to be.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { manPages } from "../src/cli/help/pages.js";
import { Solo5Error } from "../src/bytes/error.js";
import { packageRoot } from "../src/toolchain/layout.js";
import { manFolder } from "./contents.js";

/** Bytes, unpacked. */
export const limits = { package: 3_000_000, guest: 1_200_000 } as const;

interface Packed {
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}
interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly man: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** What would be packed now, without building anything. */
export function packed(folder = packageRoot): Packed {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const text = execFileSync("npm", args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return (JSON.parse(text) as [Packed])[0];
}

/** What is wrong with a package; nothing where it may be published. */
export function faults({ unpackedSize, files }: Packed, { bin, man, exports }: Manifest): readonly string[] {
  const there = new Set(files.map(({ path }) => path));
  const named = [
    ...Object.values(bin),
    ...man,
    ...Object.values(exports).flatMap((one) => (typeof one === "string" ? [one] : Object.values(one))),
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
  ].map((file) => file.replace(/^\.\//, ""));
  const pages = [...manPages().keys()].map((name) => `./${manFolder}/${name}`).toSorted();
  const guest = files.filter(({ path }) => /^(?:dist\/)?guest\/(?!demo\/)/.test(path));
  const guestSize = guest.reduce((sum, { size }) => sum + size, 0);
  return [
    ...named.filter((file) => !there.has(file)).map((file) => `${file} is missing`),
    ...files
      .filter(({ path }) => /\.test\.|\.cases\.|\/tests\/|\.map$/.test(path))
      .map(({ path }) => `${path} is nothing that a user needs`),
    ...(pages.join() === man.toSorted().join()
      ? []
      : [`"man" in package.json should be ${JSON.stringify(pages)}`]),
    ...(unpackedSize > limits.package ? [`${unpackedSize} bytes are more than ${limits.package}`] : []),
    ...(guestSize > limits.guest
      ? [`the guest side's ${guestSize} bytes are more than ${limits.guest}`]
      : []),
  ];
}

export const readManifest = (folder = packageRoot): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;

/** Throws Solo5Error `BUILD`. */
export function checkPackage(): void {
  const found = faults(packed(), readManifest());
  if (found.length > 0) throw new Solo5Error("BUILD", found.join("\n"));
}
