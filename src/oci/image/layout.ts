// Images as files: OCI Image Format Specification 1.1, "Image Layout", "Image Manifest", "Image Configuration", "Image Index". Layers are not
// compressed, so that an image's bytes depend on nothing but what it is made from.
import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Isa } from "../../abi/elf.js";
import { writeTar, type TarEntry } from "./tar.js";

/** An image of one platform. */
export interface PlatformImage {
  readonly isa: Isa;
  /** Each becomes a layer; of files that images have in common there is one. */
  readonly layers: readonly (readonly TarEntry[])[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const mediaType = (kind: string): string => `application/vnd.oci.image.${kind}`;
/** What Go calls the ISAs. */
const architectures: Readonly<Record<Isa, string>> = { "x86-64": "amd64", aarch64: "arm64" };

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const hex = (digest: string): string => digest.slice("sha256:".length);
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const blobPath = (digest: string): string => `blobs/sha256/${hex(digest)}`;

/** Writes the images as one layout below `folder`, named `tag`; gives the paths of its files. `secs` is the time that all of it has. */
export function writeLayout(
  folder: string,
  images: readonly PlatformImage[],
  tag: string,
  secs: number,
): readonly string[] {
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const paths = new Set<string>();
  const blob = (kind: string, data: Uint8Array): Descriptor => {
    const digest = `sha256:${createHash("sha256").update(data).digest("hex")}`;
    writeFileSync(join(folder, blobPath(digest)), data);
    paths.add(blobPath(digest));
    return { mediaType: mediaType(kind), digest, size: data.length };
  };
  const layer = (entries: readonly TarEntry[]): Descriptor => {
    const descriptor = writeLayer(folder, entries, secs);
    paths.add(blobPath(descriptor.digest));
    return descriptor;
  };
  const created = new Date(secs * 1000).toISOString().replace(".000Z", "Z");
  const manifests = images.map(({ isa, layers, entrypoint, cmd, labels }) => {
    const written = layers.map(layer);
    const platform = { architecture: architectures[isa], os: "linux" };
    const config = blob(
      "config.v1+json",
      json({
        created,
        ...platform,
        config: {
          Entrypoint: entrypoint,
          ...(cmd.length === 0 ? {} : { Cmd: cmd }),
          WorkingDir: "/",
          Labels: labels,
        },
        rootfs: { type: "layers", diff_ids: written.map(({ digest }) => digest) },
        history: written.map(() => ({ created, created_by: "solo5 image build" })),
      }),
    );
    const manifest = blob(
      "manifest.v1+json",
      json({
        schemaVersion: 2,
        mediaType: mediaType("manifest.v1+json"),
        config,
        // No annotations: podman makes the container's of them.
        layers: written,
      }),
    );
    return { ...manifest, platform, config, layers: written };
  });
  const own = manifests.map(({ mediaType: type, digest, size, platform }) => ({
    mediaType: type,
    digest,
    size,
    platform,
  }));
  const [first] = own;
  const top =
    own.length === 1 && first !== undefined
      ? first
      : blob(
          "index.v1+json",
          json({ schemaVersion: 2, mediaType: mediaType("index.v1+json"), manifests: own }),
        );
  const [, version = "latest"] = /:([^:/]+)$/.exec(tag) ?? [];
  // What containerd and what everybody else look for.
  const annotations = { "io.containerd.image.name": tag, "org.opencontainers.image.ref.name": version };
  const files: Readonly<Record<string, unknown>> = {
    "oci-layout": { imageLayoutVersion: "1.0.0" },
    "index.json": {
      schemaVersion: 2,
      mediaType: mediaType("index.v1+json"),
      manifests: [{ ...top, annotations }],
    },
    // For `docker load`, which knows one platform.
    "manifest.json": manifests.slice(0, 1).map(({ config, layers }) => ({
      Config: blobPath(config.digest),
      RepoTags: [tag],
      Layers: layers.map(({ digest }) => blobPath(digest)),
    })),
  };
  for (const [name, value] of Object.entries(files)) writeFileSync(join(folder, name), json(value));
  return [...Object.keys(files), ...[...paths].toSorted()];
}

function writeLayer(folder: string, entries: readonly TarEntry[], secs: number): Descriptor {
  const temporary = join(folder, "blobs/sha256/.layer");
  const hash = createHash("sha256");
  const fd = openSync(temporary, "w");
  let size = 0;
  try {
    writeTar(entries, secs, (part) => {
      hash.update(part);
      size += part.length;
      for (let at = 0; at < part.length;) at += writeSync(fd, part, at);
    });
  } finally {
    closeSync(fd);
  }
  const digest = `sha256:${hash.digest("hex")}`;
  renameSync(temporary, join(folder, blobPath(digest)));
  return { mediaType: mediaType("layer.v1.tar"), digest, size };
}

/** The same as one archive, from a layout's files. */
export function packLayout(folder: string, files: readonly string[], secs: number, output: number): void {
  const folders = ["blobs/", "blobs/sha256/"].map((name) => ({ name, content: new Uint8Array() }));
  const entries = files.map((name) => {
    const path = join(folder, name);
    return name.startsWith("blobs/") ? { name, content: { path, size: statSync(path).size } } : { name, content: readFileSync(path) };
  });
  writeTar([...entries.filter(({ name }) => !name.startsWith("blobs/")), ...folders, ...entries.filter(({ name }) => name.startsWith("blobs/"))], secs, (part) => {
    for (let at = 0; at < part.length;) at += writeSync(output, part, at);
  });
} // prettier-ignore
