/* publisher: carries publications from their rows to an MQTT broker, in order, at least once.
 *
 * One thread with a read connection of its own. At most PUBLISHER_WINDOW_MAX are in flight, which only the
 * publisher knows; what the broker said of each becomes rows through the writer. After a connection or the
 * program was lost, all that is not acknowledged in the rows is sent again under the same id. A broker that
 * takes events and acknowledges none for PUBLISHER_ACK_MS is left and tried again. One that speaks MQTT 3.1.1
 * alone is spoken to so, which the log tells of. While the broker is away rows wait, and nothing else
 * notices. */
#ifndef PUBLISH_PUBLISHER_H
#define PUBLISH_PUBLISHER_H

#include "base/err.h"
#include "publish/connection.h"

#include <stdbool.h>
#include <stdint.h>

struct publisher;
struct writer;

#define PUBLISHER_WINDOW_MAX 100
#define PUBLISHER_BACKOFF_MIN_MS 1000
#define PUBLISHER_BACKOFF_MAX_MS 60000
#define PUBLISHER_ACK_MS 30000  /* without one acknowledgement while something is in flight */
#define PUBLISHER_DRAIN_MS 2000 /* how long a close waits for the broker's last words */

struct publisher_options {
        struct connection_options connection;
        const char *database; /* path */
        int backoff_min_ms;   /* 0: PUBLISHER_BACKOFF_MIN_MS; doubles up to the maximum, until something is
                                 acknowledged; the wait is between half of it and the whole, at random */
        int ack_ms;           /* 0: PUBLISHER_ACK_MS */
};

struct publisher_status {
        bool is_connected, is_old; /* is_old: by MQTT 3.1.1 */
        bool is_silent;            /* it took events and acknowledged none; until it does */
        const char *state;         /* in words, a literal */
        int64_t connects, losses;  /* since the start */
        int in_flight;             /* sent, and the broker has not said a word of it yet */
        int64_t sent, acknowledged, refused;
};

/* Starts the thread; the options' texts are borrowed until the close. A broker that is away is no error. */
int publisher_open(const struct publisher_options *options, struct writer *writer,
                   struct publisher **ret_publisher, struct err *err);

/* There may be new rows: from any thread (a writer's listener). */
void publisher_wake(struct publisher *publisher);

void publisher_read_status(struct publisher *publisher, struct publisher_status *ret_status);

/* Lets what is in flight come back, says offline, disconnects, stops. The writer must still run. Takes NULL,
 * returns NULL. */
struct publisher *publisher_close(struct publisher *publisher);

#endif
