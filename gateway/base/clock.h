/* clock: the only source of time. A real clock follows the machine; a virtual one stands still until it is
 * set, so that the same rows, rules and now give the same effects. Transport time-outs use
 * clock_monotonic_ms, which no virtual clock moves. Safe from any thread. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
        bool is_virtual;
        _Atomic int64_t virtual_utc; /* seconds */
};

void clock_init_real(struct clock *clock);
void clock_init_virtual(struct clock *clock, int64_t start_utc);

int64_t clock_now_utc(const struct clock *clock);         /* seconds since 1970 UTC */
void clock_set_utc(struct clock *clock, int64_t now_utc); /* virtual clocks only; never backwards */

int64_t clock_monotonic_ms(void); /* for time-outs and measuring, not a time of day */

#endif
