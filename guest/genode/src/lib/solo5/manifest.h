/*
 * The manifest of the unikernel, as its note has it: which sessions it wants. docs/abi.md 1.2.
 */
#pragma once

#include <base/stdint.h>

namespace Solo5 {

using Genode::uint32_t;
using Genode::uint64_t;

enum : uint32_t { MANIFEST_VERSION = 1, BLOCK_BASIC = 1, NET_BASIC = 2, RESERVED_FIRST = 1u << 30 };
enum { NAME_SIZE = 68, MAX_DEVICES = 64 };

/* One device; its index is its handle. */
struct Device {
    char name[NAME_SIZE];
    uint32_t type;
    uint64_t properties[2];
    uint64_t data;
    uint64_t attached;
};

struct Manifest {
    uint32_t version;
    uint32_t entries;
    Device device[MAX_DEVICES]; /* (entries) of them are there. */

    bool valid() const
    {
        if (version != MANIFEST_VERSION || entries < 1 || entries > MAX_DEVICES) return false;
        if (device[0].type != RESERVED_FIRST) return false;
        for (uint32_t i = 1; i < entries; i++) {
            if (device[i].type != BLOCK_BASIC && device[i].type != NET_BASIC) return false;
            if (device[i].name[0] == '\0' || device[i].name[NAME_SIZE - 1] != '\0') return false;
        }
        return true;
    }
};

static_assert(sizeof(Device) == 104, "as the note has it");

} // namespace Solo5
