#pragma once

#include <stdlib.h>

namespace Genode {
/* The parent has been told to end the component before. */
[[noreturn]] inline void sleep_forever() { abort(); }
} // namespace Genode
