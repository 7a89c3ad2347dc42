/* subscription: takes events from the MQTT topics configured for intake, at least once.
 *
 * One thread with a session of its own that outlives connections: the broker keeps what comes while the
 * gateway is away (for SUBSCRIPTION_SESSION_S), and a message is acknowledged only after the event is on
 * disk, so that one which was not is brought again; (source, id) makes that a duplicate. What is refused is
 * told in the log by topic filter, counted, and acknowledged: it would not get better. */
#ifndef INTAKE_SUBSCRIPTION_H
#define INTAKE_SUBSCRIPTION_H

#include "base/err.h"
#include "intake/topic_map.h"

#include <stdbool.h>
#include <stdint.h>

#define SUBSCRIPTION_TOPIC_MAX 16
#define SUBSCRIPTION_IN_FLIGHT_MAX 100      /* messages that wait for one commit */
#define SUBSCRIPTION_PACKET_MAX 65536       /* bytes; larger ones the broker keeps to itself */
#define SUBSCRIPTION_SESSION_S (7 * 86400u) /* how long the broker keeps what comes meanwhile */
#define SUBSCRIPTION_BACKOFF_MIN_MS 1000
#define SUBSCRIPTION_BACKOFF_MAX_MS 60000

struct subscription;
struct writer;

struct subscription_topic {
        const char *filter;          /* of MQTT */
        const char *organisation;    /* events about its tree alone; NULL: any */
        const char *source_prefix;   /* of CloudEvents; NULL: any */
        const struct topic_map *map; /* NULL: messages are CloudEvents */
};

/* Borrowed until subscription_close. */
struct subscription_options {
        const char *host;
        int port;
        const char *client_id; /* of the session: never NULL */
        const char *user, *password;
        const char *ca_file, *cert_file, *key_file; /* ca_file NULL: no TLS */
        const struct subscription_topic *topics;
        int topic_count;
};

struct subscription_status {
        bool is_connected;
        const char *state; /* in words, a literal */
        int64_t accepted, duplicates, rejected;
};

int subscription_open(const struct subscription_options *options, struct writer *writer,
                      struct subscription **ret_subscription, struct err *err);
void subscription_read_status(struct subscription *subscription, struct subscription_status *ret_status);
/* What came and is not on disk is brought again later. Takes NULL, returns NULL. */
struct subscription *subscription_close(struct subscription *subscription);

#endif
