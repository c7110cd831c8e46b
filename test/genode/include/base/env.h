/* The environment of a component: memory, its parent, and the entrypoint, where signals wait until they are dispatched. */
#pragma once

#include <base/stdint.h>

#include <deque>
#include <functional>
#include <stdio.h>
#include <stdlib.h>

namespace Genode {
class Entrypoint : Noncopyable {
public:
    using Handler = std::function<void()>;

    std::deque<Handler *> pending;
    /* What the rest of the system does when this component waits. */
    std::function<void()> world;

    void wait_and_dispatch_one_io_signal()
    {
        for (int turns = 0; pending.empty(); turns++) {
            if (turns == 1000) {
                printf("nobody will ever signal\n");
                exit(2);
            }
            if (world) world();
        }
        Handler *const handler = pending.front();
        pending.pop_front();
        (*handler)();
    }
};

struct Signal_context_capability {
    Entrypoint::Handler *handler = nullptr;
};

struct Ram_quota {
    size_t value;
};

struct Parent {
    [[noreturn]] void exit(int status)
    {
        printf("exit %d\n", status);
        fflush(stdout);
        ::exit(0);
    }
};

struct Pd_session {
    size_t avail = 8 << 20;

    Ram_quota avail_ram() const { return { avail }; }
};

struct Ram_allocator {};

struct Env {
    struct Local_rm {};

    Parent its_parent;
    Pd_session its_pd;
    Ram_allocator its_ram;
    Local_rm its_rm;
    Entrypoint its_ep;

    Parent &parent() { return its_parent; }
    Pd_session &pd() { return its_pd; }
    Ram_allocator &ram() { return its_ram; }
    Local_rm &rm() { return its_rm; }
    Entrypoint &ep() { return its_ep; }
    void exec_static_constructors() { printf("static constructors\n"); }
};

/* Session labels are made of text. */
struct Label {
    char const *text;

    Label(char const *text = "") : text(text) { }
};
} // namespace Genode
