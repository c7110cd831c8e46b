// Captures a network device's frames in both directions as a pcap file, with nanoseconds: the format of
// draft-ietf-opsawg-pcap, link type Ethernet.
import { encode, struct, u16, u32 } from "../bytes/struct.js";
import type { Clock } from "../device/contract.js";
import { forwarded, type NetDevice } from "./contract.js";

const fileHeader = struct(24, {
  magic: u32,
  major: u16,
  minor: u16,
  reserved1: u32,
  reserved2: u32,
  snapLen: u32,
  linkType: u32,
});
const recordHeader = struct(16, { seconds: u32, nanoseconds: u32, captured: u32, original: u32 });
const magicNanoseconds = 0xa1b23c4d;
const linkTypeEthernet = 1;
const snapLen = 0x40000;

/** What a capture begins with. */
export const pcapHeader = (): Uint8Array =>
  encode(fileHeader, {
    magic: magicNanoseconds,
    major: 2,
    minor: 4,
    reserved1: 0,
    reserved2: 0,
    snapLen,
    linkType: linkTypeEthernet,
  });

/** One frame, seen `wall` nanoseconds after the epoch. */
export function pcapRecord(frame: Uint8Array, wall: bigint): Uint8Array {
  const header = encode(recordHeader, {
    seconds: Number(wall / 1_000_000_000n),
    nanoseconds: Number(wall % 1_000_000_000n),
    captured: frame.length,
    original: frame.length,
  });
  const record = new Uint8Array(header.length + frame.length);
  record.set(header);
  record.set(frame, header.length);
  return record;
}

/** `device`, with every frame that passes written to `sink`, whole records at a time. */
export function captured(device: NetDevice, sink: (data: Uint8Array) => void, clock: Clock): NetDevice {
  sink(pcapHeader());
  return forwarded(device, {
    write(frame) {
      const result = device.write(frame);
      if (result === 0) sink(pcapRecord(frame, clock.wall()));
      return result;
    },
    read() {
      const frame = device.read();
      if (frame !== undefined) sink(pcapRecord(frame, clock.wall()));
      return frame;
    },
  });
}
