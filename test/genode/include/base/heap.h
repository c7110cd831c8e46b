#pragma once

#include <base/allocator.h>

namespace Genode {
struct Heap : Allocator {
    Heap(Ram_allocator &, Env::Local_rm &) { }
};
} // namespace Genode
