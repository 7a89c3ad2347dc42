#include "publish/connection.h"
#include "base/clock.h"
#include "publish/envelope.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ONLINE "{\"status\":\"online\"}"
#define OFFLINE "{\"status\":\"offline\"}"
#define IN_FLIGHT_MAX 100 /* of the client, when the broker allows as many */
#define PACKETS_A_STEP 256
#define GOODBYE_MS 2000
#define OLD_REFUSED_VERSION 1 /* the return code of a broker that knows 3.1.1 at most */

struct connection {
        struct mosquitto *client;
        enum connection_state state;
        int64_t deadline_ms; /* of the broker's answer */
        bool is_tls, is_old;
        bool is_answered;
        enum connection_ending ending;
        int status_mid; /* of the last words */
        bool is_said;
        mosquitto_property *event_properties;
        void (*acknowledged)(void *context, int mid, int reason);
        void *context;
        char reason[160];
};

static void lose(struct connection *connection, const char *what, const char *detail)
{
        if (connection->state != CONNECTION_LOST)
                snprintf(connection->reason, sizeof connection->reason, "%s: %s", what, detail);
        connection->state = CONNECTION_LOST;
}

static const char *error_text(int code)
{
        return code == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(code);
}

static void on_connect(struct mosquitto *client, void *context, int reason, int flags,
                       const mosquitto_property *properties)
{
        struct connection *connection = context;

        (void)client;
        (void)flags;
        (void)properties;
        connection->is_answered = true;
        if (reason == 0) {
                connection->state = CONNECTION_READY;
                return;
        }
        connection->ending = CONNECTION_REFUSED;
        if (!connection->is_old &&
            (reason == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION || reason == OLD_REFUSED_VERSION))
                connection->ending = CONNECTION_OLD_BROKER;
        lose(connection, "the broker refuses",
             connection->is_old ? mosquitto_connack_string(reason) : mosquitto_reason_string(reason));
}

static void on_disconnect(struct mosquitto *client, void *context, int reason,
                          const mosquitto_property *properties)
{
        (void)client;
        (void)properties;
        lose(context, "disconnected", reason >= 0x80 ? mosquitto_reason_string(reason) : error_text(reason));
}

static void on_publish(struct mosquitto *client, void *context, int mid, int reason,
                       const mosquitto_property *properties)
{
        struct connection *connection = context;

        (void)client;
        (void)properties;
        connection->is_said |= mid == connection->status_mid;
        connection->acknowledged(connection->context, mid, connection->is_old ? 0 : reason);
}

static int configure_tls(struct connection *connection, const struct connection_options *options)
{
        if (!options->tls)
                return MOSQ_ERR_SUCCESS;
        if (!options->ca_file)
                mosquitto_int_option(connection->client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
        return mosquitto_tls_set(connection->client, options->ca_file,
                                 options->ca_file ? NULL : "/etc/ssl/certs", options->cert_file,
                                 options->key_file, NULL);
}

static int make_properties(struct connection *connection, int expiry_s)
{
        mosquitto_property **list = &connection->event_properties;
        int r = mosquitto_property_add_byte(list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);

        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_property_add_string(list, MQTT_PROP_CONTENT_TYPE, ENVELOPE_CONTENT_TYPE);
        if (r == MOSQ_ERR_SUCCESS && expiry_s > 0)
                r = mosquitto_property_add_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, (uint32_t)expiry_s);
        return r;
}

static int configure(struct connection *connection, const struct connection_options *options)
{
        struct mosquitto *client = connection->client;
        int r;

        mosquitto_connect_v5_callback_set(client, on_connect);
        mosquitto_disconnect_v5_callback_set(client, on_disconnect);
        mosquitto_publish_v5_callback_set(client, on_publish);
        r = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
                                 options->is_old ? MQTT_PROTOCOL_V311 : MQTT_PROTOCOL_V5);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, IN_FLIGHT_MAX);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
        if (r == MOSQ_ERR_SUCCESS && options->user)
                r = mosquitto_username_pw_set(client, options->user, options->password);
        if (r == MOSQ_ERR_SUCCESS)
                r = configure_tls(connection, options);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_will_set_v5(client, ENVELOPE_STATUS_TOPIC, (int)strlen(OFFLINE), OFFLINE, 1,
                                          true, NULL);
        if (r == MOSQ_ERR_SUCCESS && !options->is_old)
                r = make_properties(connection, options->message_expiry_s);
        return r;
}

int connection_open(const struct connection_options *options,
                    void (*acknowledged)(void *context, int mid, int reason), void *context,
                    struct connection **ret_connection, struct err *err)
{
        struct connection *connection = calloc(1, sizeof *connection);
        int r;

        if (!connection)
                return err_set(err, ERR_NOMEM, "mqtt: out of memory");
        connection->state = CONNECTION_PENDING;
        connection->deadline_ms = clock_monotonic_ms() + CONNECTION_TIMEOUT_MS;
        connection->acknowledged = acknowledged;
        connection->context = context;
        connection->is_tls = options->tls;
        connection->is_old = options->is_old;
        connection->client = mosquitto_new(options->client_id, true, connection);
        r = connection->client ? configure(connection, options) : MOSQ_ERR_NOMEM;
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_connect_async(connection->client, options->host, options->port,
                                            CONNECTION_KEEPALIVE_S);
        if (r != MOSQ_ERR_SUCCESS) {
                r = err_set(err, ERR_IO, "mqtt: %s:%d: %s: check the broker", options->host, options->port,
                            error_text(r));
                connection_close(connection, false);
                return r;
        }
        *ret_connection = connection;
        return 0;
}

/* One turn of reading, writing and keeping alive. */
static void turn(struct connection *connection, short events)
{
        int r = MOSQ_ERR_SUCCESS;

        /* The library looks at errno after calls that did not set it. */
        errno = 0;
        /* Only its own loop carries a TLS handshake on; it cannot bear descriptors of 1024 and more. */
        if (connection->is_tls && connection->state == CONNECTION_PENDING)
                r = mosquitto_loop(connection->client, 0, PACKETS_A_STEP);
        else if (connection->is_tls || events & (POLLIN | POLLERR | POLLHUP))
                /* What TLS has decrypted already, poll does not see. */
                r = mosquitto_loop_read(connection->client, PACKETS_A_STEP);
        errno = 0;
        if (r == MOSQ_ERR_SUCCESS && connection->state != CONNECTION_LOST &&
            (events & POLLOUT || mosquitto_want_write(connection->client)))
                r = mosquitto_loop_write(connection->client, PACKETS_A_STEP);
        if (r == MOSQ_ERR_SUCCESS && connection->state != CONNECTION_LOST)
                r = mosquitto_loop_misc(connection->client);
        if (r != MOSQ_ERR_SUCCESS)
                lose(connection, "lost", error_text(r));
}

static void settle(struct connection *connection, enum connection_state before)
{
        int mid;

        if (before == CONNECTION_PENDING && connection->state == CONNECTION_READY)
                connection_publish(connection, ENVELOPE_STATUS_TOPIC, ONLINE, strlen(ONLINE), false, &mid);
        if (connection->state == CONNECTION_PENDING && clock_monotonic_ms() >= connection->deadline_ms)
                lose(connection, "no answer", "the broker says nothing");
}

enum connection_state connection_step(struct connection *connection, int wake_fd, int timeout_ms)
{
        enum connection_state before = connection->state;
        struct pollfd fds[] = {{.fd = mosquitto_socket(connection->client), .events = POLLIN},
                               {.fd = wake_fd, .events = POLLIN}};

        if (connection->state == CONNECTION_LOST)
                return connection->state;
        if (fds[0].fd < 0) {
                lose(connection, "lost", "no socket");
                return connection->state;
        }
        if (mosquitto_want_write(connection->client))
                fds[0].events |= POLLOUT;
        if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
                lose(connection, "poll", strerror(errno));
        else
                turn(connection, fds[0].revents);
        settle(connection, before);
        return connection->state;
}

enum connection_sending connection_publish(struct connection *connection, const char *topic,
                                           const char *payload, size_t length, bool is_event, int *ret_mid)
{
        int r;

        if (connection->state != CONNECTION_READY)
                return CONNECTION_SEND_LOST;
        r = mosquitto_publish_v5(connection->client, ret_mid, topic, (int)length, payload, 1, !is_event,
                                 is_event ? connection->event_properties : NULL);
        switch (r) {
        case MOSQ_ERR_SUCCESS:
                return CONNECTION_SENT;
        case MOSQ_ERR_OVERSIZE_PACKET:
        case MOSQ_ERR_PAYLOAD_SIZE:
                *ret_mid = MQTT_RC_PACKET_TOO_LARGE;
                return CONNECTION_UNFIT;
        case MOSQ_ERR_QOS_NOT_SUPPORTED:
                *ret_mid = MQTT_RC_QOS_NOT_SUPPORTED;
                return CONNECTION_UNFIT;
        case MOSQ_ERR_INVAL:
        case MOSQ_ERR_MALFORMED_UTF8:
                *ret_mid = MQTT_RC_TOPIC_NAME_INVALID;
                return CONNECTION_UNFIT;
        default:
                /* NO_CONN too: the client has queued it, and is thrown away with what it queued. */
                lose(connection, "lost", error_text(r));
                return CONNECTION_SEND_LOST;
        }
}

static void step_until(struct connection *connection, const bool *done)
{
        int64_t deadline_ms = clock_monotonic_ms() + GOODBYE_MS;

        while (connection->state == CONNECTION_READY && !*done && clock_monotonic_ms() < deadline_ms)
                connection_step(connection, -1, 100);
}

/* By v5 the broker sends the will for us: a message of our own could wait behind what is in flight. 3.1.1 has
 * no such word. */
static void say_goodbye(struct connection *connection)
{
        const bool never = false;

        if (connection->is_old &&
            connection_publish(connection, ENVELOPE_STATUS_TOPIC, OFFLINE, strlen(OFFLINE), false,
                               &connection->status_mid) == CONNECTION_SENT)
                step_until(connection, &connection->is_said);
        if (connection->is_old)
                mosquitto_disconnect(connection->client);
        else
                mosquitto_disconnect_v5(connection->client, MQTT_RC_DISCONNECT_WITH_WILL_MSG, NULL);
        step_until(connection, &never);
}

struct connection *connection_close(struct connection *connection, bool polite)
{
        if (!connection)
                return NULL;
        if (polite && connection->state == CONNECTION_READY)
                say_goodbye(connection);
        mosquitto_destroy(connection->client);
        mosquitto_property_free_all(&connection->event_properties);
        free(connection);
        return NULL;
}

enum connection_ending connection_ending(const struct connection *connection)
{
        if (connection->ending == CONNECTION_BROKE && !connection->is_answered)
                return CONNECTION_UNANSWERED;
        return connection->ending;
}

const char *connection_reason(const struct connection *connection)
{
        return connection->reason;
}
