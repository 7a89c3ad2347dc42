#include "base/clock.h"

#include <assert.h>
#include <time.h>

void clock_init_real(struct clock *clock)
{
        *clock = (struct clock){.is_virtual = false};
}

void clock_init_virtual(struct clock *clock, int64_t start_utc)
{
        *clock = (struct clock){.is_virtual = true, .virtual_utc = start_utc};
}

int64_t clock_now_utc(const struct clock *clock)
{
        struct timespec now;

        if (clock->is_virtual)
                return clock->virtual_utc;
        clock_gettime(CLOCK_REALTIME, &now);
        return now.tv_sec;
}

void clock_set_utc(struct clock *clock, int64_t now_utc)
{
        assert(clock->is_virtual);
        if (now_utc > clock->virtual_utc)
                clock->virtual_utc = now_utc;
}

int64_t clock_monotonic_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
