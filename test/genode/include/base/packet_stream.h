/* Packet streams: descriptors in two queues, content in a buffer that both sides see. In Genode os/packet_stream.h. */
#pragma once

#include <base/allocator.h>
#include <base/signal.h>

#include <vector>

namespace Genode {
template <typename RESULT, typename ERROR> class [[nodiscard]] Attempt {
    bool const _ok;
    RESULT const _result;

public:
    Attempt(RESULT result) : _ok(true), _result(result) { }
    Attempt(ERROR) : _ok(false), _result() { }

    void with_result(auto const &access, auto const &fail) const
    {
        if (_ok) access(_result);
        else fail(ERROR());
    }
};

class Packet_descriptor {
    off_t _offset;
    size_t _size;

public:
    Packet_descriptor(off_t offset = 0, size_t size = 0) : _offset(offset), _size(size) { }
    off_t offset() const { return _offset; }
    size_t size() const { return _size; }
};

/* Both ends of a stream of either direction; whoever plays the other side uses the queues. */
template <typename PACKET> struct Packet_stream : Noncopyable {
    enum class Alloc_packet_error { FAILED };
    using Packet_descriptor = PACKET;
    using Alloc_packet_result = Attempt<PACKET, Alloc_packet_error>;

    std::vector<char> buffer;
    std::deque<PACKET> submitted, acked;
    size_t queue_size, packets = 0, packets_max, next = 0;
    Signal_context_capability on_avail, on_ready;

    Packet_stream(size_t size, size_t queue_size, size_t packets_max)
        : buffer(size), queue_size(queue_size), packets_max(packets_max) { }

    Alloc_packet_result alloc_packet_attempt(size_t size, uint8_t align = 0)
    {
        size_t const unit = size_t(1) << align;
        if (packets == packets_max || size > buffer.size()) return Alloc_packet_error::FAILED;
        next = (next + unit - 1) / unit * unit;
        if (next + size > buffer.size()) next = 0;
        packets++;
        PACKET const packet(off_t(next), size);
        next += size;
        return packet;
    }

    bool packet_valid(PACKET packet) const
    {
        return packet.offset() >= 0 && size_t(packet.offset()) + packet.size() <= buffer.size();
    }

    char *packet_content(PACKET packet)
    {
        if (!packet_valid(packet) || packet.size() == 0) abort();
        return &buffer[size_t(packet.offset())];
    }

    bool ready_to_submit() { return submitted.size() < queue_size; }
    void submit_packet(PACKET packet)
    {
        if (!ready_to_submit()) abort();
        submitted.push_back(packet);
    }
    bool ack_avail() { return !acked.empty(); }
    PACKET get_acked_packet() { return take(acked); }
    void release_packet(PACKET) { packets--; }

    bool packet_avail() { return !submitted.empty(); }
    PACKET get_packet() { return take(submitted); }
    bool ready_to_ack() { return acked.size() < queue_size; }
    void acknowledge_packet(PACKET packet)
    {
        if (!ready_to_ack()) abort();
        acked.push_back(packet);
    }

    static PACKET take(std::deque<PACKET> &queue)
    {
        if (queue.empty()) abort();
        PACKET const packet = queue.front();
        queue.pop_front();
        return packet;
    }

    void sigh_packet_avail(Signal_context_capability cap) { on_avail = cap; }
    void sigh_ready_to_ack(Signal_context_capability cap) { on_ready = cap; }
    void sigh_ack_avail(Signal_context_capability cap) { on_avail = cap; }
    void sigh_ready_to_submit(Signal_context_capability cap) { on_ready = cap; }
};
} // namespace Genode
