// What the real programs are made from that no Debian package has: packages of npm, at one version each.
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../../src/bytes/error.js";

/** Runs a command in `cwd`; throws Solo5Error `BUILD` with the end of what it said. */
export function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, maxBuffer: 256 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve();
      const said = `${stdout}${stderr}`.trimEnd().split("\n").slice(-20).join("\n");
      reject(new Solo5Error("BUILD", `${command} ${args.join(" ")} in ${cwd} failed\n${said}`));
    });
  });
}

/** Installs `name`@`version` below `folder` without running its scripts; gives the package's folder. */
export async function npmPackage(folder: string, name: string, version: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}\n");
  const options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["install", ...options, `${name}@${version}`], folder);
  return join(folder, "node_modules", name);
}
