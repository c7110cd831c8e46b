#pragma once

#include <base/stdint.h>
#include <stdio.h>

namespace Genode {
class Cstring {
    char const *const _text;
    size_t const _length;

    static size_t _limit(char const *text, size_t size)
    {
        size_t length = 0;
        while (length < size && text != nullptr && text[length] != '\0')
            length++;
        return length;
    }

public:
    Cstring(char const *text, size_t size) : _text(text), _length(_limit(text, size)) { }

    void print() const { printf("%.*s", int(_length), _text); }
};
} // namespace Genode
