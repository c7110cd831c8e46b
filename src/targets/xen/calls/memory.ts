// Hypercalls on memory: what there is, and where Xen's pages shall be. Xen's public header memory.h.
import { addToPhysmap, domid, mapSpace, memoryMap } from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { e820Map } from "../layout.js";
import { failed, okay, resultOf, withStruct, type XenOperation } from "./contract.js";

const pages: XenOperation = ({ machine }) => resultOf(machine.memSize / pageSize);

export const memoryCalls = {
  memory_op: {
    current_reservation: pages,
    maximum_reservation: pages,
    add_to_physmap: withStruct(addToPhysmap, ({ domid: dom, space, idx, gpfn }, { machine }) => {
      if (dom !== domid.self) return failed("EPERM");
      const gpa = Number(gpfn) * pageSize;
      if (space !== mapSpace.sharedInfo && space !== mapSpace.grantTable) return failed("ENOSYS");
      const isPlaced =
        space === mapSpace.sharedInfo
          ? idx === 0n && machine.page.place(gpa)
          : machine.grants.place(Number(idx), gpa);
      return isPlaced ? okay : failed("EINVAL");
    }),
    memory_map: withStruct(memoryMap, ({ nrEntries, buffer }, { machine, data }) => {
      const entries = e820Map(machine.memSize).slice(0, nrEntries);
      const isWritten = entries.every((bytes, i) => data.write(buffer + BigInt(i * bytes.length), bytes));
      return isWritten ? { write: { nrEntries: entries.length } } : failed("EFAULT");
    }),
  },
} as const;
