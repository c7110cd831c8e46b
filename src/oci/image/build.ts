// The image of a unikernel: its file, its disks, and what its notes say of it as labels.
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Solo5Error } from "../../bytes/error.js";
import { systemErrorMessage } from "../../host/any/system-error.js";
import type { Unikernel } from "../../image/unikernel.js";
import { packLayout, writeLayout, type PlatformImage } from "./layout.js";

export interface ImageRequest {
  /** One of each platform. */
  readonly unikernels: readonly Unikernel[];
  /** Files by the names of the disks that they become. */
  readonly disks: ReadonlyMap<string, string>;
  readonly args: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** What it is called: NAME:VERSION. */
  readonly tag: string;
  /** A folder for a layout, or FILE.tar. */
  readonly output: string;
  /** The time that everything in it has, in seconds since 1970. */
  readonly secs: number;
}

/** Throws Solo5Error; what was there stays then. */
export function buildImage(request: ImageRequest): void {
  const { unikernels, output, tag, secs } = request;
  check(request);
  const images = unikernels.map((unikernel) => platformImage(unikernel, request));
  const isArchive = output.endsWith(".tar");
  if (
    !isArchive &&
    existsSync(output) &&
    readdirSync(output).length > 0 &&
    !existsSync(join(output, "oci-layout"))
  )
    throw new Solo5Error(
      "OCI_IMAGE",
      `${output}: it is there, and no image's layout: name another folder, or a .tar`,
    );
  const temporary = mkdtempSync(join(dirname(output), ".solo5-image-"));
  try {
    const files = writeLayout(join(temporary, "layout"), images, tag, secs);
    if (isArchive) {
      const path = join(temporary, "tar");
      const fd = openSync(path, "w");
      try {
        packLayout(join(temporary, "layout"), files, secs, fd);
      } finally {
        closeSync(fd);
      }
      renameSync(path, output);
    } else {
      rmSync(output, { recursive: true, force: true });
      renameSync(join(temporary, "layout"), output);
    }
  } catch (cause) {
    if (cause instanceof Solo5Error) throw cause;
    throw new Solo5Error("OCI_IMAGE", `${output}: ${systemErrorMessage(cause)}`, { cause });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function check({ unikernels, disks }: ImageRequest): void {
  const seen = new Set<string>();
  for (const { name, isa, target, devices } of unikernels) {
    if (seen.has(isa)) throw new Solo5Error("OCI_IMAGE", `${name}: an image has one unikernel for ${isa}`);
    seen.add(isa);
    if (target !== "spt" && target !== "hvt")
      throw new Solo5Error("OCI_IMAGE", `${name}: containers run spt and hvt, not ${target}`);
    for (const disk of disks.keys())
      if (!devices.some((device) => device.name === disk && device.type === "BLOCK_BASIC"))
        throw new Solo5Error("NOT_DECLARED", `${name}: the unikernel declares no disk '${disk}'`);
  }
}

function platformImage(
  unikernel: Unikernel,
  { disks, args, labels, unikernels }: ImageRequest,
): PlatformImage {
  const { isa, target, abiVersion, devices, file } = unikernel;
  // The same on every platform, whatever the files are called here.
  const name = basename(unikernels[0]?.name ?? "unikernel");
  const own = {
    "org.opencontainers.image.title": name.replace(/\.(spt|hvt)$/, ""),
    "org.solo5.abi": `${target} ${abiVersion}`,
    "org.solo5.devices": devices.map((device) => `${device.name}=${device.type}`).join(" "),
  };
  const dev = { name: "dev/", content: new Uint8Array() };
  return {
    isa,
    layers: [
      [{ name, content: file, isExecutable: true }],
      ...[...disks].map(([disk, path]) => [
        dev,
        { name: `dev/${disk}.img`, content: { path, size: statSync(path).size } },
      ]),
    ],
    entrypoint: [`/${name}`],
    cmd: args,
    labels: { ...own, ...labels },
  };
}
