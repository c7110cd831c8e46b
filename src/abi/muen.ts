// muen: what a subject of the Muen separation kernel sees of it: pages at known places, and channels between subjects.
// docs/abi.md 9.
import { bytes, i64, packed, struct, u16, u32, u64, u8 } from "../bytes/struct.js";

/** Lowest address that the linker script gives a subject. */
export const textBase = 0x20_0000;
export const bootInfoBase = 0x1000;
/** The command line follows it. */
export const bootInfo = struct(40, { memSize: u64, kernelEnd: u64, tsc: u64, cmdline: u64, mft: u64 });

export const scheduleBase = 0xe_0000_8000;
/** The current minor frame, in ticks of the counter. */
export const schedule = struct(16, { start: u64, end: u64 });

/** `base`: microseconds since 1970 when the counter was 0. */
export const timeInfo = struct(24, { base: u64, tickRateHz: u64, timezoneUsecs: i64 });
export const timeInfoName = "time_info";

/** Where a subject asks for its end, and then halts. */
export const exitEventName = "solo5_exit";

// ---- The subject info ----

export const subjectInfoBase = 0xe_0000_0000;
export const subjectInfoSize = 32_720;
/** The magic, but for its last byte, which is the version. */
export const infoMagic = "muinfo\0";
export const infoVersions = [2, 3, 4, 5] as const;
export type InfoVersion = (typeof infoVersions)[number];
/** By the ABI version in the unikernel's note, where its code does not tell. */
export const infoVersionOfAbi: Readonly<Record<number, InfoVersion>> = { 1: 2, 2: 3, 3: 4, 4: 5 };

export const nameMax = 63;
/** Not NUL-terminated; one NUL follows all 63. */
export const infoName = struct(65, { length: u8, text: bytes(nameMax), nul: u8 });
/** Behind the magic. */
export const infoHeader = { tscKhz: 8, name: 12 } as const;
/** The u16 resource count lies behind the name, and from version 5 on at an even address. */
export const resourceCountAt = (version: InfoVersion): number => (version >= 5 ? 78 : 77);
export const resourcesAt = 80;
export const resourceMax = 255;
export const resource = struct(128, { kind: u32, name: infoName, pad: bytes(3), data: bytes(56) });
export const resourceKind = { memory: 1, event: 2 } as const;

export const memoryKind = { subject: 0, info: 1, binary: 2, channel: 5, schedule: 9, bootInfo: 16 } as const;
export type MemoryKind = keyof typeof memoryKind;
/** Version 2 has no kinds, but a flag for channels. */
export const memoryFlag = { writable: 1, executable: 2, channelOfV2: 4 } as const;
/** What memory is filled with is a byte, or this. */
export const noPattern = 256;

/** A resource's `data` where it is memory. */
export const memoryData = struct(56, {
  kind: u8,
  content: u8,
  flags: u8,
  pattern: packed(u16),
  pad: bytes(3),
  address: u64,
  size: u64,
  hash: bytes(32),
});
export const memoryDataV2 = struct(56, {
  content: u32,
  address: packed(u64),
  size: packed(u64),
  hash: bytes(32),
  flags: u8,
  pattern: packed(u16),
  pad: u8,
});

// ---- Channels: SHMStream version 2 ----

export const channelHeader = struct(64, {
  transport: u64,
  /** 0 while nobody writes. */
  epoch: u64,
  protocol: u64,
  elementSize: u64,
  elements: u64,
  reserved: u64,
  /** Elements that were begun, and ended. */
  writeStart: u64,
  written: u64,
});
export const channelTransport = 0x4873_12b6_b79a_9b6dn;

/** What flows in a channel: its protocol's number, and the bytes of an element. */
export interface Protocol {
  readonly number: bigint;
  readonly elementSize: number;
}

/** A NUL, where there is one, ends the text. */
export const logElement = struct(64, { timestamp: u64, text: bytes(56) });
export const logProtocol: Protocol = { number: 0xf007_8909_4b6f_70cfn, elementSize: logElement.size };
export const logName = "debuglog";
export const logSize = 0x2_0000;

export const frameMax = 1514;
export const netElement = struct(1516, { data: bytes(frameMax), length: u16 });
export const netProtocol: Protocol = { number: 0x7ade_5c54_9b08_e814n, elementSize: netElement.size };
export const channelSize = 0x10_0000;
/** Channels of a network device, as the subject sees them. */
export const netChannels = (device: string): { readonly in: string; readonly out: string } => ({
  in: `${device}|in`,
  out: `${device}|out`,
});
