// Hypercalls on event channels. Xen's public header event_channel.h.
import { allocUnbound, bindVcpu, bindVirq, domid, eventPort, eventStatus } from "../../../abi/xen.js";
import { failed, isPort, okay, resultOf, withStruct, type CallOutcome } from "./contract.js";

const isSelf = (dom: number): boolean => dom === domid.self;
/** Virtual interrupts that there are, for one virtual CPU. */
const virqMax = 24;
const portOr = (port: number): CallOutcome | { readonly write: { readonly port: number } } =>
  port < 0 ? resultOf(port) : { write: { port } };

export const eventCalls = {
  event_channel_op: {
    alloc_unbound: withStruct(allocUnbound, ({ dom, remoteDom }, { machine }) =>
      isSelf(dom) ? portOr(machine.events.offer(remoteDom)) : failed("EPERM"),
    ),
    // Nobody offers the guest a port: there is no other domain.
    bind_interdomain: () => failed("ESRCH"),
    bind_virq: withStruct(bindVirq, ({ virq, vcpu }, { machine }) => {
      if (virq >= virqMax) return failed("EINVAL");
      if (vcpu !== 0) return failed("ENOENT");
      const port = machine.events.bindVirq(virq);
      return portOr(port);
    }),
    close: withStruct(eventPort, ({ port }, { machine }) => resultOf(machine.events.close(port))),
    send: withStruct(eventPort, ({ port }, { machine }) => resultOf(machine.events.send(port))),
    status: withStruct(eventStatus, ({ dom, port }, { machine }) => {
      if (!isSelf(dom)) return failed("EPERM");
      const status = machine.events.status(port);
      return status === undefined ? failed("EINVAL") : { write: { status, vcpu: 0 } };
    }),
    bind_vcpu: withStruct(bindVcpu, ({ port, vcpu }) => {
      if (vcpu !== 0) return failed("ENOENT");
      return isPort(port) ? okay : failed("EINVAL");
    }),
    unmask: withStruct(eventPort, ({ port }, { machine }) => resultOf(machine.events.unmask(port))),
  },
} as const;
