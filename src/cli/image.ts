// solo5 image build: the image of a unikernel, for podman, containerd, docker and registries.
import { basename } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { readFile } from "../host/any/files.js";
import { readUnikernel } from "../image/unikernel.js";
import { buildImage } from "../oci/image/build.js";
import type { imageOptions } from "../tender/options.js";
import { valueOf } from "../tender/parse-options.js";
import { UsageError } from "./command.js";
import type { Invocation } from "./own-command.js";

/** What follows `--` are the unikernel's arguments. */
export function imageCommand({ given, operands }: Invocation<keyof typeof imageOptions>): number {
  const separator = operands.includes("--") ? operands.indexOf("--") : operands.length;
  const [verb, ...kernels] = operands.slice(0, separator);
  if (verb !== "build")
    throw new UsageError(verb === undefined ? "Missing build" : `there is no image ${verb}`);
  if (kernels.length === 0) throw new UsageError("Missing KERNEL operand");
  const output = valueOf(given, "output");
  if (output === undefined) throw new UsageError("-o FILE is missing");
  const unikernels = kernels.map((kernel) => readUnikernel(readFile(kernel), kernel));
  const title = basename(kernels[0] ?? "").replace(/\.[a-z]+$/, "");
  const labels = given.filter(({ option }) => option === "label").map(({ value }) => value.split(/=(.*)/s));
  for (const [name, value] of labels)
    if (name === "" || value === undefined) throw new UsageError("--label is NAME=VALUE");
  buildImage({
    unikernels,
    disks: new Map(given.filter(({ option }) => option === "block").map(({ name, value }) => [name, value])),
    args: operands.slice(separator + 1),
    labels: Object.fromEntries(labels.map(([name = "", value = ""]) => [name, value])),
    tag: tagOf(valueOf(given, "tag") ?? `localhost/${title.toLowerCase()}:latest`),
    output,
    secs: sourceDate(),
  });
  return 0;
}

/** A reference as distribution/reference has it, as far as it matters here. */
function tagOf(tag: string): string {
  if (!/^[\w.-]+(:\d+)?(\/[\w.-]+)*(:[\w.-]{1,128})?$/.test(tag))
    throw new UsageError(`--tag: '${tag}' is no name of an image`);
  return /:[^/]+$/.test(tag) ? tag : `${tag}:latest`;
}

/** reproducible-builds.org, "SOURCE_DATE_EPOCH": 1970 where nobody says. */
function sourceDate(): number {
  const text = process.env["SOURCE_DATE_EPOCH"] ?? "0";
  if (!/^\d{1,11}$/.test(text))
    throw new Solo5Error("USAGE", `SOURCE_DATE_EPOCH: '${text}' is no number of seconds`);
  return Number(text);
}
