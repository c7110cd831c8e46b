/*
 * Time: the Timer session's since it was opened, and what an Rtc session says of the day when it is first asked for.
 */
#include "platform.h"

#include <base/log.h>

#include "solo5.h"

using Genode::uint64_t;

static constexpr uint64_t NSECS = 1000000000;

uint64_t Solo5::Platform::monotonic() { return _timer.curr_time().trunc_to_plain_us().value * 1000; }

/* Days from 1970-01-01 to a date of the Gregorian calendar, whose years here begin in March. */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
    uint64_t const y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 719469;
}

static uint64_t nsecs(Rtc::Timestamp const &at)
{
    uint64_t const hours = 24 * days(at.year, at.month, at.day) + at.hour;
    return ((hours * 60 + at.minute) * 60 + at.second) * NSECS + at.microsecond * uint64_t { 1000 };
}

void Solo5::Platform::_open_rtc()
{
    try {
        _rtc.construct(_env);
        Rtc::Timestamp const now = _rtc->current_time();
        if (now.year >= 1970 && now.month >= 1 && now.month <= 12) _wall_offset = nsecs(now) - monotonic();
    } catch (...) {
        Genode::warning("Solo5: no Rtc session: wall time begins at 0");
    }
}

uint64_t Solo5::Platform::wall()
{
    static bool is_open = false;
    if (!is_open) _open_rtc();
    is_open = true;
    return _wall_offset + monotonic();
}

extern "C" {

solo5_time_t solo5_clock_monotonic(void) { return Solo5::platform().monotonic(); }

solo5_time_t solo5_clock_wall(void) { return Solo5::platform().wall(); }
}
