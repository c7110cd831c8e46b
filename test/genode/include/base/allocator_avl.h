#pragma once

#include <base/allocator.h>

namespace Genode {
struct Allocator_avl : Range_allocator {
    explicit Allocator_avl(Allocator *) { }
};
} // namespace Genode
