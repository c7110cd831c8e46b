// A network device on a descriptor that keeps frames whole: a tap, a datagram socket, whatever the user handed over.
import { result } from "../../abi/start.js";
import type { NetDevice } from "../../net/contract.js";
import { createFrameQueue, receiving } from "../../net/queue.js";
import { errnos } from "../errno.js";
import { libc } from "../libc.js";
import { watch } from "./poll.js";

const [eagain] = errnos["EAGAIN"] ?? [0];
const [enobufs] = errnos["ENOBUFS"] ?? [0];

/** `fd` belongs to the device from now on and must not block. `mtu` in bytes. */
export function frameDevice(fd: number, mtu: number): NetDevice {
  const queue = createFrameQueue();
  const unwatch = watch(fd, (frames) => {
    for (const frame of frames) queue.push(frame);
  });
  const c = libc();
  return receiving(queue, {
    mtu,
    write(frame) {
      const written = c.write(fd, frame, frame.length);
      if (written === frame.length) return result.ok;
      const errno = written < 0 ? c.errno() : 0;
      return errno === eagain || errno === enobufs ? result.again : result.unspecified;
    },
    close: unwatch,
  });
}
