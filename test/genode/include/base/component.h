#pragma once

#include <base/env.h>

namespace Component {
Genode::size_t stack_size();
void construct(Genode::Env &env);
} // namespace Component
