#pragma once

#include <base/allocator.h>

namespace Nic {
struct Packet_allocator : Genode::Range_allocator {
    enum { DEFAULT_PACKET_SIZE = 1600 };

    explicit Packet_allocator(Genode::Allocator *) { }
};
} // namespace Nic
