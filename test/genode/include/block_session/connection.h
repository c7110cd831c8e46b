#pragma once

#include <base/packet_stream.h>

namespace Block {
using block_number_t = Genode::uint64_t;
using block_count_t = Genode::size_t;

class Packet_descriptor : public Genode::Packet_descriptor {
public:
    enum Opcode { READ, WRITE, SYNC, TRIM, END };

private:
    Opcode _opcode = READ;
    block_number_t _number = 0;
    block_count_t _count = 0;
    bool _success = false;

public:
    Packet_descriptor(Genode::off_t offset = 0, Genode::size_t size = 0) : Genode::Packet_descriptor(offset, size) { }
    Packet_descriptor(Packet_descriptor room, Opcode opcode, block_number_t number, block_count_t count = 1)
        : Genode::Packet_descriptor(room.offset(), room.size()), _opcode(opcode), _number(number), _count(count) { }

    Opcode operation() const { return _opcode; }
    block_number_t block_number() const { return _number; }
    block_count_t block_count() const { return _count; }
    bool succeeded() const { return _success; }
    void succeeded(bool success) { _success = success; }
};

struct Session {
    struct Info {
        Genode::size_t block_size;
        block_number_t block_count;
        Genode::uint8_t align_log2;
        bool writeable;
    };
};

template <typename JOB = void> struct Connection : Genode::Noncopyable {
    using Stream = Genode::Packet_stream<Packet_descriptor>;

    Stream stream;
    char const *const label;

    Connection(Genode::Env &env, Genode::Range_allocator *packets, Genode::size_t size = 128 * 1024,
               Genode::Label const &label = Genode::Label());

    Session::Info info() const;
    Stream *tx() { return &stream; }
    void sigh(Genode::Signal_context_capability cap)
    {
        stream.sigh_ack_avail(cap);
        stream.sigh_ready_to_submit(cap);
    }
};
} // namespace Block
