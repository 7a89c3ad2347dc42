#include "intake/subscription.h"
#include "base/clock.h"
#include "base/log.h"
#include "intake/intake.h"
#include "store/writer.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define KEEPALIVE_S 30
#define STEP_MS 1000
#define ANSWER_MS 20000 /* from the start to the broker's word */
#define PACKETS_A_STEP SUBSCRIPTION_IN_FLIGHT_MAX

struct message {
        const struct subscription_topic *topic;
        char *name, *data; /* name: of its topic */
        size_t length;
};

struct subscription {
        struct writer_job job; /* first: the job is cast back */
        struct subscription_options options;
        struct writer *writer;
        pthread_t thread;
        int stop_fd;
        _Atomic bool is_stopping;
        /* The thread's. */
        struct mosquitto *client;
        bool is_connected, is_lost;
        struct message messages[SUBSCRIPTION_IN_FLIGHT_MAX];
        int count;
        int backoff_ms;
        int64_t run_accepted, run_duplicates, run_rejected; /* of the job under way */
        /* Anybody's. */
        _Atomic bool is_up;
        _Atomic(const char *) state;
        _Atomic int64_t accepted, duplicates, rejected;
};

/* ---- what came */

static void forget_messages(struct subscription *subscription)
{
        while (subscription->count) {
                subscription->count--;
                free(subscription->messages[subscription->count].name);
                free(subscription->messages[subscription->count].data);
        }
}

static const struct subscription_topic *topic_of(const struct subscription *subscription, const char *name)
{
        bool matches;

        for (int i = 0; i < subscription->options.topic_count; i++)
                if (mosquitto_topic_matches_sub(subscription->options.topics[i].filter, name, &matches) ==
                        MOSQ_ERR_SUCCESS &&
                    matches)
                        return &subscription->options.topics[i];
        return NULL;
}

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message,
                       const mosquitto_property *properties)
{
        struct subscription *subscription = context;
        struct message *kept = &subscription->messages[subscription->count];

        (void)client;
        (void)properties;
        kept->topic = topic_of(subscription, message->topic);
        if (!kept->topic)
                return;
        if (subscription->count == SUBSCRIPTION_IN_FLIGHT_MAX) { /* the broker promised less */
                subscription->is_lost = true;
                return;
        }
        kept->length = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;
        kept->name = strdup(message->topic);
        kept->data = malloc(kept->length + 1);
        if (!kept->name || !kept->data) {
                free(kept->name);
                free(kept->data);
                subscription->is_lost = true; /* unacknowledged, so it comes again */
                return;
        }
        if (kept->length)
                memcpy(kept->data, message->payload, kept->length);
        kept->data[kept->length] = '\0';
        subscription->count++;
}

static bool is_fault_of_message(int code)
{
        return code == ERR_INVALID || code == ERR_LIMIT;
}

static int take(struct subscription *subscription, struct db *db, int64_t now_utc,
                const struct message *message, struct err *err)
{
        const struct intake_scope scope = {.organisation = message->topic->organisation,
                                           .source_prefix = message->topic->source_prefix};
        struct intake_report report = {0};
        struct err fault = {0};
        struct buf event;
        int r = 0;

        buf_init(&event, INTAKE_EVENT_BYTES_MAX);
        if (message->topic->map)
                r = topic_map_apply(message->topic->map, message->name, message->data, message->length,
                                    &event, &fault);
        if (r == 0)
                r = message->topic->map ? intake_events(db, now_utc, buf_text(&event), event.length,
                                                        INTAKE_EVENT, &scope, &report, &fault)
                                        : intake_events(db, now_utc, message->data, message->length,
                                                        INTAKE_EVENT, &scope, &report, &fault);
        if (is_fault_of_message(r) || report.rejected_count) {
                log_warning("intake", "mqtt %s: refused: %s", message->topic->filter,
                            report.rejected_listed ? report.rejected[0].error : fault.text);
                subscription->run_rejected++;
                r = 0;
        } else if (r < 0 && err) {
                *err = fault;
        }
        subscription->run_accepted += report.accepted;
        subscription->run_duplicates += report.duplicates;
        intake_report_fini(&report);
        buf_fini(&event);
        return r;
}

static int run(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct subscription *subscription = (struct subscription *)job;
        int r = 0;

        subscription->run_accepted = subscription->run_duplicates = subscription->run_rejected = 0;
        for (int i = 0; i < subscription->count && r == 0; i++)
                r = take(subscription, db, now_utc, &subscription->messages[i], err);
        return r;
}

/* Puts what came on disk. Until this has succeeded nothing may be written to the broker: the library has
 * queued the acknowledgements already. */
static bool commit(struct subscription *subscription)
{
        struct err err = {0};
        int r;

        if (!subscription->count)
                return true;
        r = writer_run(subscription->writer, &subscription->job, &err);
        if (r == 0) {
                subscription->accepted += subscription->run_accepted;
                subscription->duplicates += subscription->run_duplicates;
                subscription->rejected += subscription->run_rejected;
                subscription->backoff_ms = SUBSCRIPTION_BACKOFF_MIN_MS;
        } else {
                log_error("intake", "mqtt: what came is not taken: %s", err.text);
        }
        forget_messages(subscription);
        return r == 0;
}

/* ---- the connection */

static void on_connect(struct mosquitto *client, void *context, int reason, int flags,
                       const mosquitto_property *properties)
{
        struct subscription *subscription = context;

        (void)flags;
        (void)properties;
        if (reason != 0) {
                log_warning("intake", "mqtt %s:%d: the broker refuses: %s", subscription->options.host,
                            subscription->options.port, mosquitto_reason_string(reason));
                subscription->state = "not connected: the broker refuses";
                subscription->is_lost = true;
                return;
        }
        subscription->is_connected = true;
        for (int i = 0; i < subscription->options.topic_count; i++)
                mosquitto_subscribe_v5(client, NULL, subscription->options.topics[i].filter, 1, 0, NULL);
}

static void on_subscribe(struct mosquitto *client, void *context, int mid, int count, const int *granted,
                         const mosquitto_property *properties)
{
        struct subscription *subscription = context;

        (void)client;
        (void)mid;
        (void)properties;
        for (int i = 0; i < count; i++)
                if (granted[i] >= 0x80) {
                        log_warning("intake", "mqtt: a topic was refused: %s: check the broker's rights",
                                    mosquitto_reason_string(granted[i]));
                        subscription->state = "connected, but a topic was refused";
                        return;
                }
        if (!subscription->is_up)
                log_info("intake", "listening at mqtt %s:%d", subscription->options.host,
                         subscription->options.port);
        subscription->is_up = true;
        subscription->state = "connected";
}

static void on_disconnect(struct mosquitto *client, void *context, int reason,
                          const mosquitto_property *properties)
{
        (void)client;
        (void)reason;
        (void)properties;
        ((struct subscription *)context)->is_lost = true;
}

static int configure(struct subscription *subscription)
{
        const struct subscription_options *options = &subscription->options;
        struct mosquitto *client = subscription->client;
        int r;

        mosquitto_connect_v5_callback_set(client, on_connect);
        mosquitto_disconnect_v5_callback_set(client, on_disconnect);
        mosquitto_message_v5_callback_set(client, on_message);
        mosquitto_subscribe_v5_callback_set(client, on_subscribe);
        /* The library then leaves all writing to mosquitto_loop_write: acknowledgements too. */
        r = mosquitto_threaded_set(client, true);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_int_option(client, MOSQ_OPT_RECEIVE_MAXIMUM, SUBSCRIPTION_IN_FLIGHT_MAX);
        if (r == MOSQ_ERR_SUCCESS && options->user)
                r = mosquitto_username_pw_set(client, options->user, options->password);
        if (r == MOSQ_ERR_SUCCESS && options->ca_file)
                r = mosquitto_tls_set(client, options->ca_file, NULL, options->cert_file, options->key_file,
                                      NULL);
        return r;
}

static int connect_client(struct subscription *subscription)
{
        const struct subscription_options *options = &subscription->options;
        mosquitto_property *properties = NULL;
        int r;

        subscription->is_connected = subscription->is_lost = false;
        subscription->client = mosquitto_new(options->client_id, false, subscription);
        r = subscription->client ? configure(subscription) : MOSQ_ERR_NOMEM;
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                                 SUBSCRIPTION_SESSION_S);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                                 SUBSCRIPTION_PACKET_MAX);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_connect_bind_v5(subscription->client, options->host, options->port, KEEPALIVE_S,
                                              NULL, properties);
        mosquitto_property_free_all(&properties);
        if (r != MOSQ_ERR_SUCCESS)
                log_warning("intake", "mqtt %s:%d: %s: check the broker", options->host, options->port,
                            r == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(r));
        return r == MOSQ_ERR_SUCCESS ? 0 : ERR_IO;
}

/* One turn: read, put on disk, only then write. */
static bool turn(struct subscription *subscription)
{
        struct pollfd fds[] = {{.fd = mosquitto_socket(subscription->client), .events = POLLIN},
                               {.fd = subscription->stop_fd, .events = POLLIN}};
        int r = MOSQ_ERR_SUCCESS;

        if (fds[0].fd < 0)
                return false;
        if (mosquitto_want_write(subscription->client))
                fds[0].events |= POLLOUT;
        if (poll(fds, 2, STEP_MS) < 0 && errno != EINTR)
                return false;
        errno = 0;
        /* Only the library's own loop carries a TLS handshake on. */
        if (subscription->options.ca_file && !subscription->is_connected)
                r = mosquitto_loop(subscription->client, 0, 1);
        else if (fds[0].revents & (POLLIN | POLLERR | POLLHUP))
                r = mosquitto_loop_read(subscription->client, PACKETS_A_STEP);
        if (!commit(subscription))
                return false;
        errno = 0;
        if (r == MOSQ_ERR_SUCCESS && !subscription->is_lost && mosquitto_want_write(subscription->client))
                r = mosquitto_loop_write(subscription->client, PACKETS_A_STEP);
        if (r == MOSQ_ERR_SUCCESS && !subscription->is_lost)
                r = mosquitto_loop_misc(subscription->client);
        return r == MOSQ_ERR_SUCCESS && !subscription->is_lost;
}

static void serve(struct subscription *subscription)
{
        int64_t deadline_ms = clock_monotonic_ms() + ANSWER_MS;

        if (connect_client(subscription) == 0)
                while (!subscription->is_stopping && turn(subscription) &&
                       (subscription->is_connected || clock_monotonic_ms() < deadline_ms))
                        ;
        forget_messages(subscription);
        if (subscription->is_up)
                log_warning("intake", "mqtt %s:%d: the connection ended", subscription->options.host,
                            subscription->options.port);
        subscription->is_up = false;
        if (!subscription->is_lost || subscription->is_connected)
                subscription->state = "not connected";
        mosquitto_destroy(subscription->client);
        subscription->client = NULL;
}

static void back_off(struct subscription *subscription)
{
        struct pollfd fd = {.fd = subscription->stop_fd, .events = POLLIN};
        int half_ms = subscription->backoff_ms / 2;

        if (subscription->is_stopping)
                return;
        poll(&fd, 1, half_ms + (int)arc4random_uniform((uint32_t)half_ms + 1));
        subscription->backoff_ms *= 2;
        if (subscription->backoff_ms > SUBSCRIPTION_BACKOFF_MAX_MS)
                subscription->backoff_ms = SUBSCRIPTION_BACKOFF_MAX_MS;
}

static void *subscription_main(void *context)
{
        struct subscription *subscription = context;

        while (!subscription->is_stopping) {
                serve(subscription);
                back_off(subscription);
        }
        return NULL;
}

/* ---- for others */

static void free_subscription(struct subscription *subscription)
{
        if (subscription->stop_fd >= 0)
                close(subscription->stop_fd);
        free(subscription);
        mosquitto_lib_cleanup();
}

int subscription_open(const struct subscription_options *options, struct writer *writer,
                      struct subscription **ret_subscription, struct err *err)
{
        struct subscription *subscription = calloc(1, sizeof *subscription);
        sigset_t all, old;
        int r;

        if (!subscription)
                return err_set(err, ERR_NOMEM, "intake: out of memory");
        mosquitto_lib_init();
        subscription->job.run = run;
        subscription->options = *options;
        subscription->writer = writer;
        subscription->backoff_ms = SUBSCRIPTION_BACKOFF_MIN_MS;
        subscription->state = "not connected yet";
        subscription->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        /* Signals are for the main thread. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        r = subscription->stop_fd < 0 ||
            pthread_create(&subscription->thread, NULL, subscription_main, subscription) != 0;
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (r) {
                free_subscription(subscription);
                return err_set(err, ERR_IO, "intake: cannot start a thread: raise the limit of processes");
        }
        *ret_subscription = subscription;
        return 0;
}

void subscription_read_status(struct subscription *subscription, struct subscription_status *ret_status)
{
        *ret_status = (struct subscription_status){
            .is_connected = subscription->is_up,
            .state = subscription->state,
            .accepted = subscription->accepted,
            .duplicates = subscription->duplicates,
            .rejected = subscription->rejected,
        };
}

struct subscription *subscription_close(struct subscription *subscription)
{
        if (!subscription)
                return NULL;
        subscription->is_stopping = true;
        eventfd_write(subscription->stop_fd, 1);
        pthread_join(subscription->thread, NULL);
        free_subscription(subscription);
        return NULL;
}
