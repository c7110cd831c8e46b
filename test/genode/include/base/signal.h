#pragma once

#include <base/env.h>

namespace Genode {
/* A signal handler is a capability once the entrypoint has it. */
template <typename T> class Io_signal_handler : Noncopyable {
    T &_object;
    void (T::*const _member)();
    Entrypoint::Handler _handler { [this] { (_object.*_member)(); } };

public:
    Io_signal_handler(Entrypoint &ep, T &object, void (T::*member)()) : _object(object), _member(member)
    {
        (void)ep;
    }

    operator Signal_context_capability() { return { &_handler }; }
};
} // namespace Genode
