/* breaker: a circuit breaker and a token bucket, one of each for a provider. Times are monotonic milliseconds
 * that the caller reads. Used by one thread.
 *
 * A breaker is closed (all may pass) until BREAKER_TRIP outcomes in a row were bad; then open (nothing
 * passes) for 30 s, then one probe passes: a good outcome closes it, a bad one opens it for twice as long, at
 * most 5 min. An answer that rejects a message is a good outcome: the provider works. */
#ifndef DELIVER_BREAKER_H
#define DELIVER_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#define BREAKER_TRIP 5
#define BREAKER_FIRST_MS 30000
#define BREAKER_MAX_MS 300000

struct breaker {
        int bad_in_a_row;
        int64_t open_ms;  /* how long it is or was last open; 0: closed */
        int64_t probe_at; /* when open: the time of the next probe */
};

enum breaker_state { BREAKER_CLOSED, BREAKER_PROBE, BREAKER_OPEN };

/* BREAKER_PROBE: one message may pass, when none is under way. */
enum breaker_state breaker_state(const struct breaker *breaker, int64_t now_ms);

/* Notes an outcome; true when the breaker opened or closed by it. */
bool breaker_note(struct breaker *breaker, bool good, int64_t now_ms);

struct bucket {
        double per_second, burst; /* per_second 0: no limit */
        double tokens;
        int64_t filled_ms;
};

void bucket_init(struct bucket *bucket, double per_second, double burst, int64_t now_ms);
int bucket_available(struct bucket *bucket, int64_t now_ms); /* whole tokens; INT_MAX without a limit */
void bucket_take(struct bucket *bucket, int count);
/* Milliseconds until a tenth of a second's tokens, at least one, are there. */
int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms);

#endif
