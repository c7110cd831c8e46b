// Hypercalls on the domain itself: parameters, its virtual CPU, the version, the log. Xen's public headers hvm/hvm_op.h, vcpu.h and
// version.h.
import {
  domid,
  featureInfo,
  hvmParam,
  registerVcpuInfo,
  singleshotTimer,
  timerMustBeAhead,
  upcallVector,
} from "../../../abi/xen.js";
import { pageSize } from "../../../bytes/align.js";
import { withNul } from "../../../bytes/text.js";
import { failed, okay, resultOf, withStruct, type XenOperation } from "./contract.js";

/** The version whose interface this is, 4.17. */
const version = (4 << 16) | 17;
const extraVersion = ".0-solo5";
/** Memory is the guest's own, vectors need no APIC, the clock's page can be read at any time. */
const features = (1 << 2) | (1 << 8) | (1 << 9);
const extraVersionSize = 16;
/** The log takes no more at once. */
const logMax = 4096;
const vectorMin = 16;

/** Operations on a virtual CPU name it first; there is one. */
const ofVcpu =
  (act: XenOperation): XenOperation =>
  (context, args) =>
    args[1] === 0n ? act(context, args) : failed("ENOENT");

export const domainCalls = {
  hvm_op: {
    set_param: withStruct(hvmParam, ({ domid: dom, index, value }, { machine }) =>
      dom === domid.self ? resultOf(machine.setParam(index, value)) : failed("EPERM"),
    ),
    get_param: withStruct(hvmParam, ({ domid: dom, index }, { machine }) => {
      if (dom !== domid.self) return failed("EPERM");
      const value = machine.param(index);
      return value === undefined ? failed("EINVAL") : { write: { value } };
    }),
    set_evtchn_upcall_vector: withStruct(upcallVector, ({ vcpu, vector }, { machine }) => {
      if (vcpu !== 0) return failed("ENOENT");
      if (vector < vectorMin) return failed("EINVAL");
      machine.upcalls.setVector(vector);
      return okay;
    }),
  },
  vcpu_op: {
    is_up: ofVcpu(() => resultOf(1)),
    stop_periodic_timer: ofVcpu(() => okay),
    set_singleshot_timer: ofVcpu(
      withStruct(
        singleshotTimer,
        ({ timeoutAbsNs, flags }, { machine, now }) => {
          const time = BigInt.asIntN(64, timeoutAbsNs);
          if ((flags & timerMustBeAhead) !== 0 && time < now()) return failed("ETIME");
          machine.timer = time;
          return okay;
        },
        2,
      ),
    ),
    stop_singleshot_timer: ofVcpu(({ machine }) => {
      machine.timer = undefined;
      return okay;
    }),
    register_vcpu_info: ofVcpu(
      withStruct(
        registerVcpuInfo,
        ({ mfn, offset }, { machine }) =>
          offset % 8 === 0 &&
          offset <= pageSize - 64 &&
          machine.page.placeVcpu(Number(mfn) * pageSize + offset)
            ? okay
            : failed("EINVAL"),
        2,
      ),
    ),
  },
  xen_version: {
    version: () => resultOf(version),
    extraversion: ({ data }, [, at = 0n]) => {
      const text = new Uint8Array(extraVersionSize);
      text.set(withNul(extraVersion));
      return data.write(at, text) ? okay : failed("EFAULT");
    },
    get_features: withStruct(featureInfo, ({ submapIdx }) => ({
      write: { submap: submapIdx === 0 ? features : 0 },
    })),
  },
  console_io: {
    write: ({ data, console }, [, count = 0n, at = 0n]) => {
      const text = data.read(at, Math.min(Number(count & 0xffff_ffffn), logMax));
      if (text === undefined) return failed("EFAULT");
      console.write(text);
      return okay;
    },
  },
} as const satisfies Record<string, Readonly<Record<string, XenOperation>>>;
