#pragma once

#include <base/packet_stream.h>

namespace Nic {
struct Mac_address {
    Genode::uint8_t addr[6];

    void copy(void *to) const { Genode::memcpy(to, addr, sizeof addr); }
};

struct Connection : Genode::Noncopyable {
    using Stream = Genode::Packet_stream<Genode::Packet_descriptor>;

    Stream sent, received;
    char const *const label;

    Connection(Genode::Env &env, Genode::Range_allocator *packets, Genode::size_t sent_size,
               Genode::size_t received_size, Genode::Label const &label = Genode::Label());

    Mac_address mac_address() { return { { 2, 0, 0, 0, 0, 7 } }; }
    Stream *tx() { return &sent; }
    Stream *rx() { return &received; }
    Stream *tx_channel() { return &sent; }
    Stream *rx_channel() { return &received; }
};
} // namespace Nic
