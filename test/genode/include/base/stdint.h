/* Declares what the component in guest/genode uses of Genode's API, as its headers of release 26.02 have it, and plays the system. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace Genode {
using ::size_t;
using ::uint32_t;
using ::uint64_t;
using ::uint8_t;
using addr_t = unsigned long;
using off_t = long;

inline void *memcpy(void *to, void const *from, size_t size) { return ::memcpy(to, from, size); }

class Noncopyable {
    Noncopyable(Noncopyable const &) = delete;
    Noncopyable &operator=(Noncopyable const &) = delete;

public:
    Noncopyable() { }
};
} // namespace Genode
