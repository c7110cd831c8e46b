// What the interfaces of every host export alike: values that need no host, and every type that a signature needs.
export { Solo5Error } from "../bytes/error.js";
export { createPeer } from "../net/peer.js";
export { createSegment } from "../net/segment.js";
export { answerSegment, offerSegment, type DistantLink, type DistantOptions } from "../net/rtc-segment.js";
export type { IceServer } from "../net/rtc.js";
export { shareSegment } from "../net/share.js";
export { captured } from "../net/pcap.js";
export type { Isa } from "../abi/elf.js";
export type { DeviceType, TargetName } from "../abi/notes.js";
export type { Result } from "../abi/start.js";
export type { ErrorCode } from "../bytes/error-codes.js";
export type { BlockDevice, Clock, Console } from "../device/contract.js";
export type { LoadSegment } from "../image/elf.js";
export type { Device } from "../image/manifest.js";
export type { ElfSymbol } from "../image/symbols.js";
export type { Unikernel } from "../image/unikernel.js";
export type { NetDevice } from "../net/contract.js";
export type { Peer, PeerOptions } from "../net/peer.js";
export type { Segment } from "../net/segment.js";
export type {
  DatagramAddress,
  DescriptorSource,
  DeviceSource,
  HostPort,
  NetSource,
  SegmentAddress,
  SegmentSource,
  StreamAddress,
  TapSource,
} from "../net/source.js";
export type { Forward, UserOptions, UserSource } from "../net/user/source.js";
export type {
  AttachedBlock,
  AttachedDevice,
  AttachedNet,
  AttachOptions,
  BlockRequest,
  BlockSource,
  NetRequest,
  Plan,
} from "./attach.js";
export type { Ended as Exit } from "./instrument.js";
export type { EngineName, Running, Signal } from "./running.js";
