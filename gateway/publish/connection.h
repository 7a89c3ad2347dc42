/* connection: one MQTT connection, v5 or (is_old) 3.1.1, from CONNECT to its loss. Knows no rows.
 *
 * The client of libmosquitto keeps what was not acknowledged and sends it again by itself when it connects
 * again, beside what its owner sends again: so a connection that is lost is closed, and the next one is a new
 * client. Used by one thread; its callback runs inside connection_step. */
#ifndef PUBLISH_CONNECTION_H
#define PUBLISH_CONNECTION_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONNECTION_KEEPALIVE_S 30
#define CONNECTION_TIMEOUT_MS 20000 /* from the start to the broker's word */

struct connection;

/* Borrowed texts; NULL for what is not wanted. */
struct connection_options {
        const char *host;
        int port;
        const char *client_id; /* NULL: the broker gives one */
        const char *user, *password;
        bool tls;
        const char *ca_file, *cert_file, *key_file; /* ca_file NULL: those of the machine */
        int message_expiry_s;                       /* of events; 0: they do not expire */
        bool is_old; /* MQTT 3.1.1: no expiry, no content type, and what is denied is acknowledged */
};

enum connection_state {
        CONNECTION_PENDING = 1, /* the broker has not answered yet */
        CONNECTION_READY,
        CONNECTION_LOST, /* nothing more comes: close it */
};

/* Begins to connect; the will says that the gateway is offline. ERR_IO when that cannot even begin. */
int connection_open(const struct connection_options *options,
                    void (*acknowledged)(void *context, int mid, int reason), void *context,
                    struct connection **ret_connection, struct err *err);

/* Says offline and DISCONNECT when POLITE and it is ready, without waiting long; takes NULL, returns NULL. */
struct connection *connection_close(struct connection *connection, bool polite);

/* Waits up to TIMEOUT_MS for the broker or for WAKE_FD (which it does not read), and does what there is to
 * do. Returns the state. */
enum connection_state connection_step(struct connection *connection, int wake_fd, int timeout_ms);

enum connection_sending {
        CONNECTION_SENT = 0,
        CONNECTION_SEND_LOST = 1, /* not sent: the connection is lost */
        CONNECTION_UNFIT = 2,     /* this message can never be sent: *ret_mid is the MQTT reason code */
};

/* QoS 1. IS_EVENT: with content type and expiry; others are retained. */
enum connection_sending connection_publish(struct connection *connection, const char *topic,
                                           const char *payload, size_t length, bool is_event, int *ret_mid);

enum connection_ending {
        CONNECTION_BROKE,      /* the network, or an end without a word */
        CONNECTION_UNANSWERED, /* lost before the broker's first word */
        CONNECTION_REFUSED,    /* the broker does not let us in */
        CONNECTION_OLD_BROKER, /* it does not speak MQTT v5 */
};

/* Of a lost one. */
enum connection_ending connection_ending(const struct connection *connection);

/* Why the connection was lost or refused: ends with NUL, no secrets. */
const char *connection_reason(const struct connection *connection);

#endif
