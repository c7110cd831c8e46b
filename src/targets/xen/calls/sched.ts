// Hypercalls by which a domain waits, and ends. Xen's public header sched.h.
import { pollPortMax, schedPoll, schedShutdown, vcpuInfo } from "../../../abi/xen.js";
import { viewOf } from "../../../bytes/struct.js";
import { failed, isPort, okay, withStruct, type XenOperation } from "./contract.js";

const block: XenOperation = ({ machine }) => {
  machine.page.vcpu().setUint8(vcpuInfo.offsets.upcallMask, 0);
  return { wait: { kind: "event" } };
};

export const schedCalls = {
  sched_op: {
    yield: () => okay,
    block,
    shutdown: withStruct(schedShutdown, ({ reason }) => ({ shutdown: reason })),
    poll: withStruct(schedPoll, ({ ports: at, nrPorts, timeout }, { data }) => {
      if (nrPorts > pollPortMax) return failed("EINVAL");
      const bytes = nrPorts === 0 ? new Uint8Array() : data.read(at, 4 * nrPorts);
      if (bytes === undefined) return failed("EFAULT");
      const ports = Array.from({ length: nrPorts }, (_, i) => viewOf(bytes).getUint32(4 * i, true));
      if (!ports.every(isPort)) return failed("EINVAL");
      const deadline = timeout === 0n ? undefined : BigInt.asIntN(64, timeout);
      return { wait: { kind: "ports", ports, deadline } };
    }),
  },
} as const;
