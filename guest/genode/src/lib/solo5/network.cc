#include "network.h"
#include "platform.h"

#include "solo5.h"

enum { MTU = 1500, HEADER_SIZE = 14, FRAME_MAX = MTU + HEADER_SIZE };

Solo5::Network::Network(Genode::Env &env, Genode::Allocator &heap, char const *name)
    : _packets(&heap), _nic(env, &_packets, BUFFER_SIZE, BUFFER_SIZE, name),
      _wake_up(env.ep(), *this, &Network::_signalled)
{
    _nic.rx_channel()->sigh_packet_avail(_wake_up);
    _nic.rx_channel()->sigh_ready_to_ack(_wake_up);
}

void Solo5::Network::_reclaim()
{
    auto &tx = *_nic.tx();
    while (tx.ack_avail())
        tx.release_packet(tx.get_acked_packet());
}

bool Solo5::Network::write(void const *frame, Genode::size_t size)
{
    auto &tx = *_nic.tx();
    _reclaim();
    if (!tx.ready_to_submit()) return false;
    bool taken = false;
    tx.alloc_packet_attempt(size).with_result(
        [&](auto const &packet) {
            Genode::memcpy(tx.packet_content(packet), frame, size);
            tx.submit_packet(packet);
            taken = true;
        },
        [](auto) { });
    return taken;
}

bool Solo5::Network::read(void *frame, Genode::size_t size, Genode::size_t &got)
{
    auto &rx = *_nic.rx();
    if (!readable()) return false;
    auto const packet = rx.get_packet();
    /* The descriptor is the other side's word. */
    bool const whole = packet.size() > 0 && rx.packet_valid(packet);
    if (whole) {
        got = packet.size() < size ? packet.size() : size;
        Genode::memcpy(frame, rx.packet_content(packet), got);
    }
    rx.acknowledge_packet(packet);
    return whole;
}

extern "C" {

solo5_result_t solo5_net_acquire(const char *name, solo5_handle_t *handle, struct solo5_net_info *info)
{
    Genode::uint64_t found = 0;
    Solo5::Network *const network = Solo5::platform().network(name, found);
    if (network == nullptr) return SOLO5_R_EINVAL;
    network->address(info->mac_address);
    info->mtu = MTU;
    *handle = found;
    return SOLO5_R_OK;
}

solo5_result_t solo5_net_write(solo5_handle_t handle, const uint8_t *buf, size_t size)
{
    Solo5::Network *const network = Solo5::platform().network(handle);
    if (network == nullptr || size < HEADER_SIZE || size > FRAME_MAX) return SOLO5_R_EINVAL;
    return network->write(buf, size) ? SOLO5_R_OK : SOLO5_R_AGAIN;
}

solo5_result_t solo5_net_read(solo5_handle_t handle, uint8_t *buf, size_t size, size_t *read_size)
{
    Solo5::Network *const network = Solo5::platform().network(handle);
    if (network == nullptr) return SOLO5_R_EINVAL;
    Genode::size_t got = 0;
    if (!network->read(buf, size, got)) return SOLO5_R_AGAIN;
    *read_size = got;
    return SOLO5_R_OK;
}
}
