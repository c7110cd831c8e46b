// Hypercalls on grants: arrays of requests, each with a status of its own. Xen's public header grant_table.h.
import {
  domid,
  grantFrameMax,
  grantStatus,
  mapGrantRef,
  querySize,
  unmapGrantRef,
} from "../../../abi/xen.js";
import type { AnyStruct, ValueOf } from "../../../bytes/struct.js";
import { failed, okay, type CallContext, type XenOperation } from "./contract.js";

const countMax = 512;

const each =
  <S extends AnyStruct>(
    layout: S,
    act: (value: ValueOf<S>, context: CallContext) => Partial<ValueOf<S>>,
  ): XenOperation =>
  (context, [, at = 0n, given = 0n]) => {
    const count = Number(given & 0xffff_ffffn);
    if (count > countMax) return failed("EINVAL");
    for (let i = 0; i < count; i++) {
      const place = at + BigInt(i * layout.size);
      const value = context.data.readStruct(layout, place);
      if (value === undefined || !context.data.update(layout, place, act(value, context)))
        return failed("EFAULT");
    }
    return okay;
  };

export const grantCalls = {
  grant_table_op: {
    // There is no other domain that could have granted anything.
    map_grant_ref: each(mapGrantRef, () => ({ status: grantStatus.badDomain })),
    unmap_grant_ref: each(unmapGrantRef, () => ({ status: grantStatus.badHandle })),
    query_size: each(querySize, ({ dom }, { machine }) =>
      dom === domid.self
        ? { nrFrames: machine.grants.frames, maxNrFrames: grantFrameMax, status: grantStatus.okay }
        : { status: grantStatus.badDomain },
    ),
  },
} as const;
