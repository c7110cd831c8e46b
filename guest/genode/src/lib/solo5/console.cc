/*
 * The console: a line of the LOG session for each call.
 */
#include <base/log.h>
#include <util/string.h>

#include "solo5.h"

extern "C" void solo5_console_write(const char *buf, size_t size)
{
    while (size > 0 && (buf[size - 1] == '\0' || buf[size - 1] == '\n'))
        size--;
    Genode::log(Genode::Cstring(buf, size));
}
