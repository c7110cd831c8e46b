#pragma once

#include <base/env.h>

namespace Rtc {
struct Timestamp {
    unsigned microsecond, second, minute, hour, day, month, year;
};

struct Connection : Genode::Noncopyable {
    Connection(Genode::Env &env, Genode::Label const &label = Genode::Label());

    Timestamp current_time();
};
} // namespace Rtc
