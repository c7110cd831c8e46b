#pragma once

#include <base/env.h>

namespace Genode {
struct Allocator {};
struct Range_allocator : Allocator {};
} // namespace Genode
