/*
 * What the unikernel has of the system: a session for each device of its manifest, and time.
 */
#pragma once

#include "disk.h"
#include "manifest.h"
#include "network.h"

#include <base/env.h>
#include <base/heap.h>
#include <rtc_session/connection.h>
#include <timer_session/connection.h>
#include <util/reconstructible.h>

namespace Solo5 {

class Platform : Genode::Noncopyable {
    Genode::Env &_env;
    Manifest const &_manifest;
    Genode::Heap _heap { _env.ram(), _env.rm() };
    Timer::Connection _timer { _env, "solo5" };
    Timer::One_shot_timeout<Platform> _deadline { _timer, *this, &Platform::_deadline_passed };
    Genode::Constructible<Rtc::Connection> _rtc { };
    uint64_t _wall_offset { 0 }; /* nanoseconds between 1970 and the timer's start */
    Genode::Constructible<Network> _networks[MAX_DEVICES] { };
    Genode::Constructible<Disk> _disks[MAX_DEVICES] { };

    /* That it is dispatched ends the wait. */
    void _deadline_passed(Genode::Duration) { }
    void _open_rtc();

public:
    Platform(Genode::Env &env, Manifest const &manifest);

    /* The one of that name, whose handle is then known; NULL where the manifest has none. */
    Network *network(char const *name, uint64_t &handle);
    Disk *disk(char const *name, uint64_t &handle);
    /* NULL where the handle is another's. */
    Network *network(uint64_t handle);
    Disk *disk(uint64_t handle);

    uint64_t monotonic();
    uint64_t wall();
    /* The handles of the networks that have a frame. */
    uint64_t readable();
    void wait_until(uint64_t deadline);
    void exit(int status) __attribute__((noreturn));
};

/* There is one from Component::construct on. */
Platform &platform();

} // namespace Solo5
