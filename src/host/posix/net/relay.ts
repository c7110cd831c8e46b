// Gives a network device that lives in this thread to somebody else: a descriptor on which its frames can be read and
// written.
import { closeSync } from "node:fs";
import type { NetDevice } from "../../../net/contract.js";
import { join } from "../../../net/join.js";
import { descriptorDevice } from "./descriptor-device.js";
import { watchedReader } from "./poll.js";
import type { Cleanup } from "../../../bytes/cleanup.js";
import { socketPair } from "./socket-pair.js";
import type { FrameSource } from "../../any/contract.js";

/** The far end of a socket that `device` is joined to. Both ends are closed with the run. */
export function relay(device: NetDevice, cleanup: Cleanup): FrameSource {
  const [near, fd] = socketPair();
  const end = descriptorDevice({ fd: near, mtu: device.mtu }, watchedReader(near));
  const part = join(device, end);
  cleanup.push(() => closeSync(fd));
  cleanup.push(() => end.close());
  cleanup.push(part);
  return { fd, mtu: device.mtu };
}
