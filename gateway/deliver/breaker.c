#include "deliver/breaker.h"

#include <limits.h>

enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms)
{
        if (!breaker->open_ms)
                return BREAKER_CLOSED;
        return now_ms >= breaker->probe_at ? BREAKER_PROBE : BREAKER_OPEN;
}

bool breaker_note(struct breaker *breaker, bool good, int64_t now_ms)
{
        bool was_open = breaker->open_ms > 0;

        if (good) {
                *breaker = (struct breaker){0};
                return was_open;
        }
        breaker->bad_in_a_row++;
        if (was_open && now_ms < breaker->probe_at)
                return false; /* sent before it opened */
        if (was_open)
                breaker->open_ms =
                    breaker->open_ms * 2 < BREAKER_MAX_MS ? breaker->open_ms * 2 : BREAKER_MAX_MS;
        else if (breaker->bad_in_a_row >= BREAKER_TRIP)
                breaker->open_ms = BREAKER_FIRST_MS;
        if (breaker->open_ms)
                breaker->probe_at = now_ms + breaker->open_ms;
        return breaker->open_ms && !was_open;
}

void bucket_init(struct bucket *bucket, double per_second, double burst, int64_t now_ms)
{
        *bucket = (struct bucket){.per_second = per_second,
                                  .burst = burst < 1 ? 1 : burst,
                                  .tokens = burst < 1 ? 1 : burst,
                                  .filled_ms = now_ms};
}

static void fill(struct bucket *bucket, int64_t now_ms)
{
        bucket->tokens += (double)(now_ms - bucket->filled_ms) * bucket->per_second / 1000;
        if (bucket->tokens > bucket->burst)
                bucket->tokens = bucket->burst;
        bucket->filled_ms = now_ms;
}

int bucket_available(struct bucket *bucket, int64_t now_ms)
{
        if (bucket->per_second <= 0)
                return INT_MAX;
        fill(bucket, now_ms);
        return bucket->tokens < 1 ? 0 : (int)bucket->tokens;
}

void bucket_take(struct bucket *bucket, int count)
{
        if (bucket->per_second > 0)
                bucket->tokens -= count;
}

int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms)
{
        double want = bucket->per_second / 10;

        if (bucket->per_second <= 0)
                return 0;
        fill(bucket, now_ms);
        if (want > bucket->burst)
                want = bucket->burst;
        if (want < 1)
                want = 1;
        if (bucket->tokens >= want)
                return 0;
        return (int64_t)((want - bucket->tokens) * 1000 / bucket->per_second) + 1;
}
