// As much of WebRTC as one data channel takes. W3C WebRTC 4.4 and 6.2. TypeScript declares it only together with all of a page's globals.

export interface Description {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

export interface DataChannel {
  binaryType: "arraybuffer";
  bufferedAmountLowThreshold: number;
  readonly bufferedAmount: number;
  readonly readyState: "connecting" | "open" | "closing" | "closed";
  send(data: Uint8Array): void;
  close(): void;
  addEventListener(event: "open" | "close" | "bufferedamountlow", listener: () => void): void;
  addEventListener(event: "message", listener: (event: { readonly data: unknown }) => void): void;
}

interface DataChannelOptions {
  readonly negotiated: true;
  readonly id: number;
  readonly ordered: boolean;
  readonly maxRetransmits: number;
}

export interface PeerConnection {
  readonly iceGatheringState: "new" | "gathering" | "complete";
  readonly connectionState: "new" | "connecting" | "connected" | "disconnected" | "failed" | "closed";
  readonly localDescription: Description | null;
  createDataChannel(label: string, options: DataChannelOptions): DataChannel;
  /** An offer, or, where there is one of the other side, an answer. */
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: Description): Promise<void>;
  close(): void;
  addEventListener(event: "icegatheringstatechange" | "connectionstatechange", listener: () => void): void;
}

/** Servers that tell a page how others see it, or that relay; of W3C WebRTC 4.2.1. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

type Constructor = new (options: { readonly iceServers: readonly IceServer[] }) => PeerConnection;

/** Undefined where there is no WebRTC: in workers, and in Node without a package that has it. */
export const peerConnection = (): Constructor | undefined =>
  (globalThis as { readonly RTCPeerConnection?: Constructor }).RTCPeerConnection;
