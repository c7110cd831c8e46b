/*
 * A disk: a Block session with the device's name as its label. Each transfer is waited for.
 */
#pragma once

#include <base/allocator.h>
#include <base/allocator_avl.h>
#include <base/env.h>
#include <base/signal.h>
#include <block_session/connection.h>

namespace Solo5 {

class Disk : Genode::Noncopyable {
    enum { BUFFER_SIZE = 128 * 1024, TRANSFER_MAX = BUFFER_SIZE / 2 };

    Genode::Env &_env;
    Genode::Allocator_avl _packets;
    Block::Connection<> _block;
    Block::Session::Info const _info { _block.info() };
    Genode::Io_signal_handler<Disk> _wake_up;

    /* That it is dispatched ends a wait. */
    void _signalled() { }
    /* One packet: a whole number of blocks. */
    bool _transfer(Block::Packet_descriptor::Opcode, Genode::uint64_t block, char *data, Genode::size_t size);

public:
    Disk(Genode::Env &env, Genode::Allocator &heap, char const *name);

    Genode::uint64_t block_size() const { return _info.block_size; }
    Genode::uint64_t capacity() const { return _info.block_count * _info.block_size; }
    /* Whether these are blocks of the disk. */
    bool has(Genode::uint64_t offset, Genode::uint64_t size) const;
    bool read(Genode::uint64_t offset, void *data, Genode::size_t size);
    bool write(Genode::uint64_t offset, void const *data, Genode::size_t size);

private:
    bool _all(Block::Packet_descriptor::Opcode, Genode::uint64_t offset, char *data, Genode::size_t size);
};

} // namespace Solo5
