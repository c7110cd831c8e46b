// A TCP/IP stack in ECMAScript alone: frames in, frames out, connections and datagrams for its user. docs/ip.md tells how it is used.
export {
  formatAddress,
  parseAddress,
  parsePrefix,
  tryParseAddress,
  inPrefix,
  isLinkLocal,
  isLoopback,
  isMulticast,
  type Address,
  type Family,
  type Mac,
  type Prefix,
} from "./address.js";
export { createDhcpClient, type DhcpClient, type DhcpClientOptions } from "./dhcp/client.js";
export type { DhcpLease } from "./dhcp/lease.js";
export { createDhcpServer, type DhcpServer, type DhcpServerOptions } from "./dhcp/server.js";
export { createDnsClient, type DnsClient, type DnsClientOptions } from "./dns/client.js";
export {
  createDnsForwarder,
  type DnsAnswer,
  type DnsForwarder,
  type DnsForwarderOptions,
} from "./dns/forwarder.js";
export {
  classIn,
  readDns,
  recordType,
  responseCode,
  writeDns,
  type DnsMessage,
  type DnsRecord,
  type Question,
} from "./dns/message.js";
export { nameBytes } from "./dns/name.js";
export { useHostFunctions, type Buffered, type HostFunctions } from "./host-functions.js";
export type { Host, Link } from "./host.js";
export type { Echo, Icmp } from "./icmp.js";
export type { IcmpReport } from "./icmp-report.js";
export type { RouterAdvertisement, RouterOptions } from "./ra.js";
export { createStack, type Stack, type StackOptions } from "./stack.js";
export { prediction } from "./tcp/predict.js";
export type { Connection } from "./tcp/connection.js";
export type { TcbOptions as TcpOptions } from "./tcp/lifecycle.js";
export type { TcpLimits } from "./tcp/layer.js";
export type { Handlers, TcpError } from "./tcp/handlers.js";
export type { Offer } from "./tcp/offer.js";
export type { ConnectOptions } from "./tcp/connect.js";
export type { Listener, ListenOptions } from "./tcp/listen.js";
export type { Tcp } from "./tcp/tcp.js";
export type { Datagram, Endpoint, Udp, UdpBinding, UdpSocket } from "./udp.js";
