/*
 * yield: a deadline that is over is no reason to wait, whatever was asked before. The argument is the first deadline; where
 * that is `never`, frames have to come in.
 */
#include "test.h"

static solo5_handle_t nic;

/* Whether a yield until (deadline) comes back when it should. Takes in the frames there are. */
static bool yields(solo5_time_t deadline)
{
    static uint8_t frame[2048];
    size_t size;
    solo5_handle_set_t ready = ~0UL;
    solo5_yield(deadline, &ready);
    solo5_time_t now = solo5_clock_monotonic();
    while (solo5_net_read(nic, frame, sizeof frame, &size) == SOLO5_R_OK)
        continue;
    return ready == 1UL << nic || (ready == 0 && now >= deadline);
}

static bool yields_until(const char *name)
{
    solo5_time_t now = solo5_clock_monotonic();
    if (string_equal(name, "1")) return yields(1);
    if (string_equal(name, "past")) return yields(now / 2);
    if (string_equal(name, "now")) return yields(now);
    if (string_equal(name, "soon")) return yields(now + NSEC_PER_SEC / 1000);
    if (string_equal(name, "never")) return yields(UINT64_MAX);
    return yields(0);
}

int solo5_app_main(const struct solo5_start_info *info)
{
    static const char *const later[] = { "0", "1", "past", "now", "0", "soon", "1", "1", "past", "soon", "now", "0" };
    struct solo5_net_info net;

    title("test_yield");
    if (solo5_net_acquire("service0", &nic, &net) != SOLO5_R_OK) return failure("no service0");
    if (!yields_until(info->cmdline)) return failure("the first yield is wrong");
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (!yields_until(later[i])) return failure(later[i]);
    if (string_equal(info->cmdline, "never") && !(yields_until("never") && yields_until("0") && yields_until("never")))
        return failure("a wait without a deadline is wrong");
    return success();
}
