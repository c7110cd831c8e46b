// The manager's side of --console-socket: takes a connection and the terminal that comes with it.
import { closeSync, readSync, rmSync, writeSync } from "node:fs";
import { viewOf } from "../../src/bytes/struct.js";
import { withNul } from "../../src/bytes/text.js";
import { hostCall } from "../../src/host/linux/host-call.js";
import { libc } from "../../src/host/posix/libc.js";

const nonBlock = 0x800;
const setFlags = 4;

interface Terminal {
  /** What has been written there so far. */
  read(): string;
  write(text: string): void;
}

export function terminalServer(path: string): Disposable & { readonly path: string; receive(): Terminal } {
  const socket = hostCall("socket", "socket", 1, 1, 0);
  const address = new Uint8Array(110);
  viewOf(address).setUint16(0, 1, true);
  address.set(withNul(path), 2);
  hostCall("bind", "bind", socket, address, 2 + withNul(path).length);
  hostCall("listen", "listen", socket, 1);
  const opened = [socket];
  return {
    path,
    receive() {
      const connection = hostCall("accept", "accept4", socket, 0, 0, 0);
      opened.push(connection);
      const { addressOf } = libc();
      const data = new Uint8Array(64);
      const control = new Uint8Array(64);
      const part = new Uint8Array(16);
      viewOf(part).setBigUint64(0, BigInt(addressOf(data)), true);
      viewOf(part).setBigUint64(8, 64n, true);
      const header = new Uint8Array(56);
      viewOf(header).setBigUint64(16, BigInt(addressOf(part)), true);
      viewOf(header).setBigUint64(24, 1n, true);
      viewOf(header).setBigUint64(32, BigInt(addressOf(control)), true);
      viewOf(header).setBigUint64(40, 64n, true);
      hostCall("recvmsg", "recvmsg", connection, header, 0);
      const fd = viewOf(control).getInt32(16, true);
      opened.push(fd);
      libc().fcntl(fd, setFlags, 2 | nonBlock);
      let text = "";
      return {
        read() {
          try {
            const some = new Uint8Array(4096);
            text += Buffer.from(some.subarray(0, readSync(fd, some))).toString();
          } catch {
            // Nothing yet.
          }
          return text;
        },
        write: (more) => void writeSync(fd, more),
      };
    },
    [Symbol.dispose]() {
      for (const fd of opened) closeSync(fd);
      rmSync(path, { force: true });
    },
  };
}
