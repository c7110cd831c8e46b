// Segments that two pages share, wherever they are: a data channel of WebRTC (RFC 8831) between them, a message a frame. How they find
// each other is two texts, an offer and its answer, which users carry. Who is at the other end is whoever had the text: it has the
// fingerprint of the key that encrypts everything (RFC 8827).
import { Solo5Error } from "../bytes/error.js";
import { isFrameLength } from "./contract.js";
import type { Segment } from "./segment.js";
import {
  peerConnection,
  type DataChannel,
  type Description,
  type IceServer,
  type PeerConnection,
} from "./rtc.js";

/** How pages that are not on one network find each other. */
export interface DistantOptions {
  /** None where absent: then pages of one host or network find each other. */
  readonly iceServers?: readonly IceServer[] | undefined;
}

/** A segment's link to that of another page. */
export interface DistantLink {
  /** Resolves when frames flow; rejects where that never comes to be. */
  readonly opened: Promise<void>;
  /** Resolves when they do no longer. */
  readonly closed: Promise<void>;
  close(): void;
}

/** As much may wait to be sent; then the segment's frames wait, and are lost where they are too many. */
const waitingMax = 0x4_0000;

const error = (message: string, cause?: unknown): Solo5Error =>
  new Solo5Error("NET", message, cause === undefined ? undefined : { cause });

const encode = (description: Description | null): string =>
  btoa(JSON.stringify({ type: description?.type, sdp: description?.sdp }));

function decode(text: string, type: Description["type"]): Description {
  try {
    const description = JSON.parse(atob(text.trim())) as Description;
    if (description.type === type && typeof description.sdp === "string") return description;
  } catch {
    // Said below.
  }
  throw error(`this text is no ${type} of a segment`);
}

/** Frames as messages, as fast as the channel takes them. */
function carry(segment: Segment, channel: DataChannel): void {
  const port = segment.port();
  const move = (): void => {
    while (channel.readyState === "open" && channel.bufferedAmount < waitingMax) {
      const frame = port.read();
      if (frame === undefined) return;
      channel.send(frame);
    }
  };
  channel.bufferedAmountLowThreshold = waitingMax / 2;
  channel.addEventListener("bufferedamountlow", move);
  channel.addEventListener("message", ({ data }) => {
    if (!(data instanceof ArrayBuffer)) return;
    const frame = new Uint8Array(data);
    if (isFrameLength(port, frame.length)) port.write(frame);
  });
  channel.addEventListener("close", () => port.close());
  port.onReadable(move);
  move();
}

interface Linked {
  readonly connection: PeerConnection;
  readonly link: DistantLink;
}

function connect(segment: Segment, { iceServers = [] }: DistantOptions): Linked {
  const Connection = peerConnection();
  if (Connection === undefined)
    throw error("there is no WebRTC here: pages have it, workers and Node have not");
  const connection = new Connection({ iceServers });
  // As on a wire, what is lost is lost, and nothing waits for it.
  const channel = connection.createDataChannel("solo5", {
    negotiated: true,
    id: 0,
    ordered: false,
    maxRetransmits: 0,
  });
  channel.binaryType = "arraybuffer";
  const closed = new Promise<void>((resolve) => channel.addEventListener("close", resolve));
  const opened = new Promise<void>((resolve, reject) => {
    channel.addEventListener("open", () => {
      carry(segment, channel);
      resolve();
    });
    void closed.then(() => reject(error("the other page was not reached")));
  });
  // Nobody has to wait for it.
  opened.catch(() => {});
  const close = (): void => {
    channel.close();
    connection.close();
  };
  connection.addEventListener("connectionstatechange", () => {
    if (connection.connectionState === "failed") close();
  });
  return { connection, link: { opened, closed, close } };
}

/** What is known of this page when all of its addresses are. */
async function describe(connection: PeerConnection): Promise<string> {
  await connection.setLocalDescription();
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (connection.iceGatheringState === "complete") resolve();
    };
    connection.addEventListener("icegatheringstatechange", look);
    look();
  });
  return encode(connection.localDescription);
}

/**
 * Offers to join `segment` with that of another page: `offer` is a text for `answerSegment` there, `accept` takes the text that comes
 * back. Throws Solo5Error where there is no WebRTC.
 */
export async function offerSegment(
  segment: Segment,
  options: DistantOptions = {},
): Promise<DistantLink & { readonly offer: string; accept(answer: string): Promise<void> }> {
  const { connection, link } = connect(segment, options);
  return {
    ...link,
    offer: await describe(connection),
    async accept(answer) {
      await connection.setRemoteDescription(decode(answer, "answer")).catch((cause: unknown) => {
        throw cause instanceof Solo5Error ? cause : error("the answer is to another offer", cause);
      });
    },
  };
}

/** Joins `segment` with that of the page whose `offer` it is; `answer` is the text that it waits for. Throws Solo5Error. */
export async function answerSegment(
  segment: Segment,
  offer: string,
  options: DistantOptions = {},
): Promise<DistantLink & { readonly answer: string }> {
  const description = decode(offer, "offer");
  const { connection, link } = connect(segment, options);
  try {
    await connection.setRemoteDescription(description);
  } catch (cause) {
    link.close();
    throw error("this text is no offer of a segment", cause);
  }
  return { ...link, answer: await describe(connection) };
}
