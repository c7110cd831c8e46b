#pragma once

#include <util/string.h>

namespace Genode {
inline void print_one(Cstring const &text) { text.print(); }
inline void print_one(char const *text) { printf("%s", text); }

inline void log(auto &&...args)
{
    printf("[log] ");
    (print_one(args), ...);
    printf("\n");
}

inline void error(auto &&...args) { log("Error: ", args...); }
inline void warning(auto &&...args) { log("Warning: ", args...); }
} // namespace Genode
