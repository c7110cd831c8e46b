/*
 * Devices by name and handle, and waiting for them.
 */
#include "platform.h"

#include "solo5.h"

/* A timeout so much later is set anew. */
static constexpr Genode::uint64_t LONGEST_USECS = 3600ull * 1000000;

static bool equal(char const *a, char const *b)
{
    for (; *a == *b; a++, b++)
        if (*a == '\0') return true;
    return false;
}

Solo5::Network *Solo5::Platform::network(uint64_t handle)
{
    return handle < MAX_DEVICES && _networks[handle].constructed() ? &*_networks[handle] : nullptr;
}

Solo5::Disk *Solo5::Platform::disk(uint64_t handle)
{
    return handle < MAX_DEVICES && _disks[handle].constructed() ? &*_disks[handle] : nullptr;
}

Solo5::Network *Solo5::Platform::network(char const *name, uint64_t &handle)
{
    for (handle = 1; handle < _manifest.entries; handle++)
        if (_networks[handle].constructed() && equal(_manifest.device[handle].name, name)) return network(handle);
    return nullptr;
}

Solo5::Disk *Solo5::Platform::disk(char const *name, uint64_t &handle)
{
    for (handle = 1; handle < _manifest.entries; handle++)
        if (_disks[handle].constructed() && equal(_manifest.device[handle].name, name)) return disk(handle);
    return nullptr;
}

Genode::uint64_t Solo5::Platform::readable()
{
    uint64_t set = 0;
    for (uint32_t i = 1; i < _manifest.entries; i++)
        if (_networks[i].constructed() && _networks[i]->readable()) set |= uint64_t { 1 } << i;
    return set;
}

void Solo5::Platform::wait_until(uint64_t deadline)
{
    for (;;) {
        uint64_t const now = monotonic();
        if (now >= deadline || readable() != 0) break;
        /* Not before the deadline. */
        uint64_t const usecs = (deadline - now) / 1000 + 1;
        _deadline.schedule(Genode::Microseconds { usecs < LONGEST_USECS ? usecs : LONGEST_USECS });
        _env.ep().wait_and_dispatch_one_io_signal();
    }
    _deadline.discard();
}

extern "C" void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready_set)
{
    Solo5::platform().wait_until(deadline);
    if (ready_set != nullptr) *ready_set = Solo5::platform().readable();
}
