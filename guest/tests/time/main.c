/*
 * time: the monotonic clock goes on and never back, sleeping takes as long as it should, and the wall clock is
 * plausible and goes with it.
 */
#include "test.h"

#define SLEEPS       3
#define TOLERANCE    (NSEC_PER_SEC / 5)
#define BUSY_HOST    (10 * NSEC_PER_SEC) /* How late a host with other work may be. */
#define YEAR_2020    (1577836800 * NSEC_PER_SEC)
#define YEAR_2100    (4102444800 * NSEC_PER_SEC)

static bool is_near(uint64_t value, uint64_t expected)
{
    return value >= expected - TOLERANCE && value <= expected + BUSY_HOST;
}

static const char *check_progress(void)
{
    solo5_time_t last = solo5_clock_monotonic();
    for (int i = 0; i < 10000; i++) {
        solo5_time_t now = solo5_clock_monotonic();
        if (now < last) return "monotonic time went back";
        last = now;
    }
    return NULL;
}

/* Sleeps for a second, by as many yields as that takes. */
static const char *check_sleep(void)
{
    solo5_time_t wall = solo5_clock_wall(), start = solo5_clock_monotonic(), now = start;
    if (wall < YEAR_2020 || wall > YEAR_2100) return "the wall clock is not plausible";
    while ((now = solo5_clock_monotonic()) < start + NSEC_PER_SEC)
        solo5_yield(start + NSEC_PER_SEC, NULL);
    puts("slept for ");
    put_decimal(now - start);
    puts(" ns\n");
    if (!is_near(now - start, NSEC_PER_SEC)) return "a second took longer";
    if (!is_near(solo5_clock_wall() - wall, now - start)) return "the clocks disagree";
    return NULL;
}

int solo5_app_main(const struct solo5_start_info *info)
{
    (void)info;
    title("test_time");
    const char *why = check_progress();
    for (int i = 0; i < SLEEPS && why == NULL; i++)
        why = check_sleep();
    if (why != NULL) return failure(why);

    solo5_handle_set_t ready = ~0UL;
    solo5_yield(0, &ready);
    if (ready != 0) return failure("without devices something is ready");
    return success();
}
