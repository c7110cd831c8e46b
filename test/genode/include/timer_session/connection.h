#pragma once

#include <base/signal.h>

namespace Genode {
struct Microseconds {
    uint64_t value;

    explicit Microseconds(uint64_t value) : value(value) { }
};

struct Duration {
    Microseconds usecs;

    Microseconds trunc_to_plain_us() const { return usecs; }
};
} // namespace Genode

namespace Timer {
/* Time goes by only while the component waits. */
struct Connection : Genode::Noncopyable {
    Genode::Env &env;
    Genode::uint64_t now = 5, due = ~Genode::uint64_t(0);
    Genode::Entrypoint::Handler fired;

    Connection(Genode::Env &env, Genode::Label const &label = Genode::Label());

    Genode::Duration curr_time() { return { Genode::Microseconds { now } }; }
};

template <typename T> class One_shot_timeout : Genode::Noncopyable {
    Connection &_timer;

public:
    One_shot_timeout(Connection &timer, T &object, void (T::*handler)(Genode::Duration)) : _timer(timer)
    {
        timer.fired = [&timer, &object, handler] { (object.*handler)(timer.curr_time()); };
    }

    void schedule(Genode::Microseconds duration) { _timer.due = _timer.now + duration.value; }
    void discard() { _timer.due = ~Genode::uint64_t(0); }
};
} // namespace Timer
