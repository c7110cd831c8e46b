/*
 * A network: a Nic session with the device's name as its label.
 */
#pragma once

#include <base/allocator.h>
#include <base/env.h>
#include <base/signal.h>
#include <nic/packet_allocator.h>
#include <nic_session/connection.h>

namespace Solo5 {

class Network : Genode::Noncopyable {
    enum { BUFFER_SIZE = 128 * Nic::Packet_allocator::DEFAULT_PACKET_SIZE };

    Nic::Packet_allocator _packets;
    Nic::Connection _nic;
    Genode::Io_signal_handler<Network> _wake_up;

    /* That it is dispatched ends a wait. */
    void _signalled() { }
    /* Takes back what the other side is done with. */
    void _reclaim();

public:
    Network(Genode::Env &env, Genode::Allocator &heap, char const *name);

    void address(unsigned char *mac) { _nic.mac_address().copy(mac); }
    bool readable() { return _nic.rx()->packet_avail() && _nic.rx()->ready_to_ack(); }
    /* False where the frame cannot be taken now. */
    bool write(void const *frame, Genode::size_t size);
    /* The bytes of a frame, cut to (size); false where there is none. */
    bool read(void *frame, Genode::size_t size, Genode::size_t &got);
};

} // namespace Solo5
