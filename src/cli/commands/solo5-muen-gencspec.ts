// solo5-muen-gencspec: makes a component of Muen's policy of a muen unikernel. docs/muen.md.
import { basename, dirname, join } from "node:path";
import { readFile, writeFile } from "../../host/any/files.js";
import { pageSize } from "../../bytes/align.js";
import { readUnikernel } from "../../image/unikernel.js";
import { componentDefaults, muenComponent } from "../../launchers/muen-component.js";
import { main, UsageError } from "../command.js";

const usage = `usage: solo5-muen-gencspec [ OPTIONS ] [ -- ] UNIKERNEL SPEC

Writes the component specification SPEC (XML) of UNIKERNEL (muen target), and beside it the files that it names.

Options:
    --ram MB              Memory beside the image, in MiB (default is 512).
    --channel-size BYTES  Size of each channel, a multiple of 4096 (default is 0x100000).
`;

function parse(given: readonly string[]) {
  const rest = given.flatMap((arg) => (/^--[\w-]+=/.test(arg) ? arg.split(/=(.*)/s, 2) : [arg]));
  let { ramMiB, channelBytes } = componentDefaults as { ramMiB: number; channelBytes: number };
  const number = (option: string, unit: number): number => {
    const text = rest.shift() ?? "";
    const value = /^(?:0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : 0;
    if (value < 1 || value % unit !== 0 || value > 2 ** 32)
      throw new UsageError(`error: ${option} is no size: ${text}`);
    return value;
  };
  while (rest[0]?.startsWith("--") === true) {
    const option = rest.shift() ?? "";
    if (option === "--") break;
    if (option === "--ram") ramMiB = number(option, 1);
    else if (option === "--channel-size") channelBytes = number(option, pageSize);
    else throw new UsageError(`error: unknown option: ${option}`);
  }
  return { ramMiB, channelBytes, operands: rest };
}

await main({
  name: "solo5-muen-gencspec",
  usage,
  run(given) {
    const { ramMiB, channelBytes, operands } = parse(given);
    const [kernel, spec, ...more] = operands;
    if (kernel === undefined || spec === undefined || more.length > 0) throw new UsageError();
    const name = basename(kernel)
      .replace(/\.muen$/, "")
      .replaceAll(/[^\w.-]/g, "_");
    const component = muenComponent(readUnikernel(readFile(kernel), kernel), name, { ramMiB, channelBytes });
    for (const [file, data] of component.files) writeFile(join(dirname(spec), file), data);
    writeFile(spec, component.spec);
    return 0;
  },
});
