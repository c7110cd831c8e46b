// Reassembly of fragments of both versions (RFC 791, 3.2; RFC 815; RFC 8200, 4.5). A datagram with overlapping fragments is
// thrown away whole, as RFC 5722 has it for IPv6: no honest sender makes them, and what they mean is anybody's guess.
import { keyOf } from "./address.js";
import type { Packet } from "./packet.js";
import { createTimer, type Timer, type Timers } from "./timers.js";

/** RFC 8200, 4.5; RFC 1122, 3.3.2 allows from 60 to 120. */
const reassemblyMsecs = 60_000;
/** Datagrams in pieces, and their bytes together with what keeps them. */
const datagramsMax = 32;
const bytesMax = 512 * 1024;
const piecesMax = 128;
/** Of a fragment's record. */
const overhead = 256;

interface Piece {
  readonly start: number;
  readonly data: Uint8Array;
}

interface Partial {
  readonly pieces: Piece[];
  /** Of the whole datagram; known with its last piece. */
  total: number | undefined;
  bytes: number;
  /** Once two pieces overlap all that follows is thrown away too. */
  spoilt: boolean;
  /** The headers of the first piece's frame, up to the fragment header of IPv6 or the end of IPv4's. */
  head: Uint8Array | undefined;
  protocol: number;
  readonly timer: Timer;
}

export interface Fragment {
  readonly identification: number;
  /** In bytes. */
  readonly offset: number;
  readonly more: boolean;
  readonly protocol: number;
}

export interface Reassembly {
  /** Takes `packet`, whose data from `at` to `end` is a fragment; the frame of the whole datagram once it is complete. */
  add(
    packet: Packet,
    fragment: Fragment,
  ): { readonly frame: Uint8Array; readonly head: number; readonly protocol: number } | undefined;
}

/** `expired` is told the frame of a first fragment whose others did not come (RFC 1122, 3.3.2). */
export function createReassembly(
  timers: Timers,
  now: () => number,
  expired: (firstFrame: Uint8Array) => void,
): Reassembly {
  const partials = new Map<string, Partial>();
  let bytes = 0;

  const drop = (key: string, partial: Partial): void => {
    timers.remove(partial.timer);
    bytes -= partial.bytes;
    partials.delete(key);
  };
  const start = (key: string): Partial => {
    const timer = createTimer(() => {
      drop(key, partial);
      const [first] = partial.pieces;
      if (!partial.spoilt && partial.head !== undefined && first !== undefined)
        expired(joined(partial.head, [first], first.data.length));
    });
    const partial: Partial = {
      pieces: [],
      total: undefined,
      bytes: 0,
      spoilt: false,
      head: undefined,
      protocol: 0,
      timer,
    };
    partials.set(key, partial);
    timers.set(timer, now() + reassemblyMsecs);
    return partial;
  };
  const makeRoom = (): void => {
    for (const [key, oldest] of partials) {
      if (partials.size < datagramsMax && bytes <= bytesMax) return;
      drop(key, oldest);
    }
  };
  const spoil = (partial: Partial): void => {
    bytes -= partial.bytes;
    partial.bytes = 0;
    partial.pieces.length = 0;
    partial.spoilt = true;
  };

  return {
    add(packet, { identification, offset, more, protocol }) {
      const { frame, at, end, family } = packet;
      const size = end - at;
      const key = `${family}${protocolKey(packet, protocol)}${identification}/${keyOf(frame, packet.sourceAt, family === 4 ? 8 : 32)}`;
      // RFC 8200, 4.5: all but the last are a multiple of 8 bytes, and the whole fits its length field.
      if (size === 0 || (more && (size & 7) !== 0) || offset + size > 65_535 - (family === 4 ? 20 : 0))
        return undefined;
      makeRoom();
      const partial = partials.get(key) ?? start(key);
      if (partial.spoilt) return undefined;
      const total = more ? undefined : offset + size;
      const index = partial.pieces.findIndex((piece) => piece.start >= offset);
      const [before, after] =
        index < 0 ? [partial.pieces.at(-1), undefined] : [partial.pieces[index - 1], partial.pieces[index]];
      // The same piece once more is a copy made on the way, not an overlap.
      if (after?.start === offset && after.data.length === size) return undefined;
      const overlaps =
        (before !== undefined && before.start + before.data.length > offset) ||
        (after !== undefined && after.start < offset + size) ||
        (total !== undefined && (partial.total !== undefined || after !== undefined)) ||
        (partial.total !== undefined && offset + size > partial.total);
      if (overlaps || partial.pieces.length >= piecesMax) {
        spoil(partial);
        return undefined;
      }
      partial.pieces.splice(index < 0 ? partial.pieces.length : index, 0, {
        start: offset,
        data: frame.slice(at, end),
      });
      partial.bytes += size + overhead;
      bytes += size + overhead;
      partial.total ??= total;
      if (offset === 0) {
        partial.head = frame.slice(0, family === 4 ? at : at - 8);
        partial.protocol = protocol;
      }
      const have = partial.pieces.reduce((sum, { data }) => sum + data.length, 0);
      if (have !== partial.total || partial.head === undefined) return undefined;
      drop(key, partial);
      return {
        frame: joined(partial.head, partial.pieces, have),
        head: partial.head.length,
        protocol: partial.protocol,
      };
    },
  };
}

/** The protocol is part of what names a datagram in IPv4 alone. */
const protocolKey = ({ family }: Packet, protocol: number): string => (family === 4 ? `${protocol}/` : "/");

function joined(head: Uint8Array, pieces: readonly Piece[], size: number): Uint8Array {
  const frame = new Uint8Array(head.length + size);
  frame.set(head);
  for (const { start, data } of pieces) frame.set(data, head.length + start);
  return frame;
}
