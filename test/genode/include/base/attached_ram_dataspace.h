#pragma once

#include <base/env.h>

namespace Genode {
class Attached_ram_dataspace : Noncopyable {
    void *const _at;
    size_t const _size;

public:
    Attached_ram_dataspace(Ram_allocator &, Env::Local_rm &, size_t size) : _at(calloc(1, size)), _size(size) { }

    template <typename T> T *local_addr() { return static_cast<T *>(_at); }
    size_t size() const { return _size; }
};
} // namespace Genode
