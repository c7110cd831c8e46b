// A capture file of frames, for other programs to judge.
import { closeSync, openSync, writeSync } from "node:fs";

export interface PcapFile {
  frame(frame: Uint8Array): void;
  close(): void;
}

/** pcap of Ethernet frames; every frame is a millisecond after the one before. */
export function createPcap(path: string): PcapFile {
  const file = openSync(path, "w");
  writeSync(file, new Uint8Array(Uint32Array.of(0xa1b2c3d4, 0x00040002, 0, 0, 0xffff, 1).buffer));
  let msecs = 0;
  return {
    frame(frame) {
      msecs++;
      writeSync(
        file,
        new Uint8Array(
          Uint32Array.of(Math.floor(msecs / 1000), (msecs % 1000) * 1000, frame.length, frame.length).buffer,
        ),
      );
      writeSync(file, frame);
    },
    close: () => closeSync(file),
  };
}
