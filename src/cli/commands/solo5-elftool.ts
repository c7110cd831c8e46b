// solo5-elftool: reads what a unikernel declares, and makes the C source of a manifest. docs/abi.md 6.3.
import { readFileSync } from "node:fs";
import { decodeText } from "../../bytes/text.js";
import { readElf } from "../../image/elf.js";
import { abiJson, manifestJson, parseManifest } from "../../image/manifest-json.js";
import { manifestSource } from "../../image/manifest-source.js";
import { readAbi, readDevices } from "../../image/unikernel.js";
import { readFile, writeFile } from "../../host/any/files.js";
import { main, print, UsageError } from "../command.js";

const usage = `usage: solo5-elftool COMMAND ...

COMMAND is:
    gen-manifest SOURCE OUTPUT
        Write C source for the manifest in SOURCE (JSON) to OUTPUT.
        "-" is stdin or stdout.
    query-manifest BINARY
        Print the manifest of the unikernel BINARY, in JSON.
    query-abi BINARY
        Print target and ABI version of the unikernel BINARY, in JSON.
`;

const commands: Readonly<Record<string, { readonly operands: number; run(...operands: string[]): void }>> = {
  "gen-manifest": {
    operands: 2,
    run(source = "", output = "") {
      const text = source === "-" ? readFileSync(0) : readFile(source);
      const name = source === "-" ? "<stdin>" : source;
      const generated = manifestSource(parseManifest(decodeText(text), name));
      // By its name alone: what stdout is (a socket, a file that others write to) may not be opened a second time.
      if (output === "-" || output === "/dev/stdout") print(generated);
      else writeFile(output, generated);
    },
  },
  "query-manifest": {
    operands: 1,
    run: (binary = "") => print(manifestJson(readDevices(readElf(readFile(binary), binary), binary))),
  },
  "query-abi": {
    operands: 1,
    run: (binary = "") => print(abiJson(readAbi(readElf(readFile(binary), binary), binary))),
  },
};

await main({
  name: "solo5-elftool",
  usage,
  run([name, ...operands]) {
    const command = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined || operands.length !== command.operands) throw new UsageError();
    command.run(...operands);
    return 0;
  },
});
