#include "disk.h"
#include "platform.h"

#include "solo5.h"

using Block::Packet_descriptor;

Solo5::Disk::Disk(Genode::Env &env, Genode::Allocator &heap, char const *name)
    : _env(env), _packets(&heap), _block(env, &_packets, BUFFER_SIZE, name),
      _wake_up(env.ep(), *this, &Disk::_signalled)
{
    _block.sigh(_wake_up);
}

bool Solo5::Disk::has(Genode::uint64_t offset, Genode::uint64_t size) const
{
    return size > 0 && block_size() > 0 && offset % block_size() == 0 && size % block_size() == 0 &&
           offset <= capacity() && size <= capacity() - offset;
}

bool Solo5::Disk::_transfer(Packet_descriptor::Opcode opcode, Genode::uint64_t block, char *data, Genode::size_t size)
{
    auto &tx = *_block.tx();
    bool done = false;
    tx.alloc_packet_attempt(size, _info.align_log2).with_result(
        [&](Packet_descriptor const &room) {
            Packet_descriptor const request(room, opcode, block, size / _info.block_size);
            if (opcode == Packet_descriptor::WRITE) Genode::memcpy(tx.packet_content(request), data, size);
            tx.submit_packet(request);
            while (!tx.ack_avail())
                _env.ep().wait_and_dispatch_one_io_signal();
            Packet_descriptor const answer = tx.get_acked_packet();
            done = answer.succeeded();
            /* From where the request had its room: the answer is the other side's word. */
            if (done && opcode == Packet_descriptor::READ) Genode::memcpy(data, tx.packet_content(request), size);
            tx.release_packet(request);
        },
        [](auto) { });
    return done;
}

bool Solo5::Disk::_all(Packet_descriptor::Opcode opcode, Genode::uint64_t offset, char *data, Genode::size_t size)
{
    Genode::size_t const most = TRANSFER_MAX / _info.block_size * _info.block_size;
    if (most == 0) return false;
    for (Genode::size_t at = 0; at < size;) {
        Genode::size_t const part = size - at < most ? size - at : most;
        if (!_transfer(opcode, (offset + at) / _info.block_size, data + at, part)) return false;
        at += part;
    }
    return true;
}

bool Solo5::Disk::read(Genode::uint64_t offset, void *data, Genode::size_t size)
{
    return _all(Packet_descriptor::READ, offset, static_cast<char *>(data), size);
}

bool Solo5::Disk::write(Genode::uint64_t offset, void const *data, Genode::size_t size)
{
    /* Nothing is written to it. */
    char *const bytes = const_cast<char *>(static_cast<char const *>(data));
    return _info.writeable && _all(Packet_descriptor::WRITE, offset, bytes, size);
}

extern "C" {

solo5_result_t solo5_block_acquire(const char *name, solo5_handle_t *handle, struct solo5_block_info *info)
{
    Genode::uint64_t found = 0;
    Solo5::Disk *const disk = Solo5::platform().disk(name, found);
    if (disk == nullptr) return SOLO5_R_EINVAL;
    info->block_size = disk->block_size();
    info->capacity = disk->capacity();
    *handle = found;
    return SOLO5_R_OK;
}

solo5_result_t solo5_block_write(solo5_handle_t handle, solo5_off_t offset, const uint8_t *buf, size_t size)
{
    Solo5::Disk *const disk = Solo5::platform().disk(handle);
    if (disk == nullptr || !disk->has(offset, size)) return SOLO5_R_EINVAL;
    return disk->write(offset, buf, size) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}

solo5_result_t solo5_block_read(solo5_handle_t handle, solo5_off_t offset, uint8_t *buf, size_t size)
{
    Solo5::Disk *const disk = Solo5::platform().disk(handle);
    if (disk == nullptr || !disk->has(offset, size)) return SOLO5_R_EINVAL;
    return disk->read(offset, buf, size) ? SOLO5_R_OK : SOLO5_R_EUNSPEC;
}
}
