// The subject info: a table of what the policy gives a subject, in the version that its bindings know. docs/abi.md 9.2.
import {
  exitEventName,
  infoHeader,
  infoMagic,
  infoName,
  infoVersionOfAbi,
  infoVersions,
  memoryData,
  memoryDataV2,
  memoryFlag,
  memoryKind,
  nameMax,
  noPattern,
  resource,
  resourceCountAt,
  resourceKind,
  resourcesAt,
  subjectInfoSize,
  type InfoVersion,
} from "../../abi/muen.js";
import { Solo5Error } from "../../bytes/error.js";
import { encode, u16, u32, viewOf, type ValueOf } from "../../bytes/struct.js";
import { encodeText } from "../../bytes/text.js";
import type { Unikernel } from "../../image/unikernel.js";
import type { Region } from "./regions.js";

/** The number of the event that ends the subject. */
export const exitEvent = 1;

/**
 * The version whose magic the unikernel compares with, as it stands in its code or data; the one of its ABI version
 * where it stands nowhere. Throws Solo5Error `ABI_VERSION`.
 */
export function infoVersion({ name, segments, abiVersion }: Unikernel): InfoVersion {
  const magic = encodeText(infoMagic);
  const found = segments.flatMap(({ data }) => [...versionsIn(data, magic)]);
  const known = infoVersions.findLast((version) => found.includes(version));
  if (known !== undefined) return known;
  const [other] = found;
  const byAbi = other === undefined ? infoVersionOfAbi[abiVersion] : undefined;
  if (byAbi !== undefined) return byAbi;
  const wanted = other === undefined ? `of muen's ABI ${abiVersion}` : `version ${other}`;
  const have = `${infoVersions[0]} to ${infoVersions.at(-1)}`;
  throw new Solo5Error(
    "ABI_VERSION",
    `${name}: it wants a subject info ${wanted}, and versions ${have} are known`,
  );
}

function* versionsIn(data: Uint8Array, magic: Uint8Array): Generator<number> {
  const [first = 0] = magic;
  for (let at = data.indexOf(first); at >= 0; at = data.indexOf(first, at + 1)) {
    const version = data[at + magic.length];
    if (version !== undefined && magic.every((byte, i) => data[at + i] === byte)) yield version;
  }
}

const nameOf = (text: string): ValueOf<typeof infoName> => {
  const encoded = encodeText(text).subarray(0, nameMax);
  return { length: encoded.length, text: encoded, nul: 0 };
};

export function encodeInfo(
  version: InfoVersion,
  {
    subject,
    tscKhz,
    regions,
  }: { readonly subject: string; readonly tscKhz: number; readonly regions: readonly Region[] },
): Uint8Array {
  const data = new Uint8Array(subjectInfoSize);
  const view = viewOf(data);
  data.set(encodeText(infoMagic));
  data[infoMagic.length] = version;
  u32.write(view, infoHeader.tscKhz, tscKhz);
  infoName.write(view, infoHeader.name, nameOf(subject));
  const resources = [
    ...regions.map((region) => ({
      kind: resourceKind.memory,
      name: region.name,
      data: version === 2 ? memoryOfV2(region) : memoryOf(region),
    })),
    { kind: resourceKind.event, name: exitEventName, data: Uint8Array.of(exitEvent) },
  ];
  u16.write(view, resourceCountAt(version), resources.length);
  resources.forEach(({ kind, name, data }, i) =>
    resource.write(view, resourcesAt + i * resource.size, {
      kind,
      name: nameOf(name),
      pad: new Uint8Array(3),
      data,
    }),
  );
  return data;
}

const flagsOf = ({ write, execute, isIncoming }: Region): number =>
  (write && isIncoming !== true ? memoryFlag.writable : 0) | (execute ? memoryFlag.executable : 0);
const common = ({ address, size }: Region) => ({
  content: 0,
  pattern: noPattern,
  address: BigInt(address),
  size: BigInt(size),
  hash: new Uint8Array(32),
});

const memoryOf = (region: Region): Uint8Array =>
  encode(memoryData, {
    ...common(region),
    kind: memoryKind[region.kind],
    flags: flagsOf(region),
    pad: new Uint8Array(3),
  });

const memoryOfV2 = (region: Region): Uint8Array =>
  encode(memoryDataV2, {
    ...common(region),
    flags: flagsOf(region) | (region.kind === "channel" ? memoryFlag.channelOfV2 : 0),
    pad: 0,
  });
