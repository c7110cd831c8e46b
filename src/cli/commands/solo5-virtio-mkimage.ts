// solo5-virtio-mkimage: makes a disk image that boots a virtio unikernel. docs/abi.md 5.4.
import { readFile } from "../../host/any/files.js";
import { diskBootCode } from "../../toolchain/layout.js";
import { diskImage } from "../../launchers/disk-image.js";
import { readKernel } from "../../launchers/kernel.js";
import { imageFormats, letterUsage, mkimageOptions, type ImageFormat } from "../../launchers/options.js";
import { writeImage } from "../../launchers/write-image.js";
import { main, UsageError } from "../command.js";

const usage = `usage: solo5-virtio-mkimage [ OPTIONS ] [ -- ] IMAGE UNIKERNEL [ ARGUMENTS ... ]

Makes the disk IMAGE, which boots UNIKERNEL (virtio target) with ARGUMENTS.

Options:
${letterUsage(mkimageOptions)}`;

function parse(given: readonly string[]): {
  readonly format: ImageFormat;
  readonly operands: readonly string[];
} {
  const rest = [...given];
  let format: ImageFormat = "raw";
  while (rest[0] !== undefined && /^-./.test(rest[0])) {
    const option = rest.shift() ?? "";
    if (option === "--") break;
    if (option === "-d") continue;
    if (!option.startsWith("-f")) throw new UsageError(`error: unknown option: ${option}`);
    const value = option === "-f" ? rest.shift() : option.slice(2);
    const known = imageFormats.find((name) => name === value);
    if (known === undefined) throw new UsageError(`error: unknown format: ${value ?? ""}`);
    format = known;
  }
  return { format, operands: rest };
}

await main({
  name: "solo5-virtio-mkimage",
  usage,
  run(given) {
    const { format, operands } = parse(given);
    const [image, kernel, ...args] = operands;
    if (image === undefined || kernel === undefined) throw new UsageError();
    writeImage(image, diskImage(readKernel(kernel), args, readFile(diskBootCode)), format);
    return 0;
  },
});
