#pragma once

#include <base/env.h>

namespace Genode {
/* One level of nodes is enough here: <name>text</name>. */
class Xml_node {
    char const *const _text;
    size_t const _size;

public:
    Xml_node(char const *text, size_t size) : _text(text), _size(size) { }

    void with_raw_content(auto const &fn) const { fn(_text, _size); }

    void with_optional_sub_node(char const *type, auto const &fn) const
    {
        char tag[64];
        snprintf(tag, sizeof tag, "<%s>", type);
        char const *const start = strstr(_text, tag);
        if (start == nullptr) return;
        char const *const text = start + strlen(tag);
        fn(Xml_node(text, size_t(strstr(text, "</") - text)));
    }
};

extern char const *rom_config;

class Attached_rom_dataspace : Noncopyable {
public:
    Attached_rom_dataspace(Env &, char const *name)
    {
        if (strcmp(name, "config") != 0) abort();
    }

    Xml_node xml() const { return Xml_node(rom_config, strlen(rom_config)); }
};
} // namespace Genode
