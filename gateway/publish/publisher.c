#include "publish/publisher.h"
#include "base/clock.h"
#include "base/log.h"
#include "publish/envelope.h"
#include "publish/marks.h"
#include "store/db.h"
#include "store/publication.h"

#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define IDLE_MS 1000     /* other programs' rows are found so soon */
#define LOOK_MAX 200     /* rows of one look */
#define TENANT_MAX 256   /* bytes of a tenant's id */
#define HEADS_MAX 256    /* tenants whose retained seq is kept until it is sent */
#define UNANSWERED_MAX 3 /* ends without a word, after which the other version is tried */
#define SILENT_TEXT "the broker acknowledges nothing"
#define MQTT_PAYLOAD_INVALID 0x99
#define MQTT_TOO_LARGE 0x95

struct flight {
        int64_t id;
        int mid;
        bool is_used;
};

/* A tenant whose retained seq is older than what was sent. */
struct head {
        char tenant[TENANT_MAX];
        int64_t seq;
};

struct publisher {
        struct publisher_options options;
        pthread_t thread;
        int wake_fd;
        _Atomic bool is_stopping;
        /* What follows is the thread's alone, save for the counters. */
        struct db *db;
        struct connection *connection;
        struct marks *marks;
        struct flight window[PUBLISHER_WINDOW_MAX];
        _Atomic int in_flight;
        bool is_ready;   /* connected, and the rows show all that earlier connections brought */
        bool has_more;   /* the last look at the rows was cut by the window or the limit */
        bool is_woken;   /* since the last look; kept while the window is full */
        bool is_behind;  /* the last look began at last_id: what was queued again by hand stands before it */
        int looked_at;   /* rows of this look */
        int64_t last_id; /* sent over this connection up to here */
        int64_t next_look_ms, next_connect_ms;
        int64_t seen_version; /* of the data, when the rows were last read to their end */
        int64_t last_word_ms; /* of the broker about an event, or when the window was empty */
        int backoff_ms;
        int unanswered; /* connections in a row that ended without a word */
        struct pseudonyms pseudonyms;
        struct head heads[HEADS_MAX];
        int head_count;
        struct buf topic, payload;
        _Atomic bool is_connected, is_old, is_silent; /* is_silent: nothing acknowledged of what was taken */
        _Atomic(const char *) state;
        _Atomic int64_t connects, losses, sent, acknowledged, refused;
};

/* ---- what the broker says */

static void refuse(struct publisher *publisher, int64_t id, int reason)
{
        log_warning("publish", "publication %lld refused: %s (0x%02x): check the broker's rights and limits",
                    (long long)id, mosquitto_reason_string(reason), (unsigned)reason);
        marks_add(publisher->marks, id, reason);
        publisher->refused++;
}

static const char *connected_text(const struct publisher *publisher)
{
        if (publisher->is_silent)
                return SILENT_TEXT;
        return publisher->options.connection.is_old ? "connected by MQTT 3.1.1" : "connected";
}

static void on_acknowledged(void *context, int mid, int reason)
{
        struct publisher *publisher = context;
        struct flight *flight = publisher->window;

        while (flight < publisher->window + PUBLISHER_WINDOW_MAX && (!flight->is_used || flight->mid != mid))
                flight++;
        if (flight == publisher->window + PUBLISHER_WINDOW_MAX) {
                if (reason >= 0x80) /* status or seq */
                        log_warning("publish",
                                    "a retained message was refused: %s: check the broker's rights",
                                    mosquitto_reason_string(reason));
                return;
        }
        if (reason >= 0x80) {
                refuse(publisher, flight->id, reason);
        } else {
                marks_add(publisher->marks, flight->id, 0);
                publisher->acknowledged++;
        }
        flight->is_used = false;
        publisher->in_flight--;
        publisher->last_word_ms = clock_monotonic_ms();
        publisher->is_silent = false;
        publisher->state = connected_text(publisher);
        publisher->backoff_ms = publisher->options.backoff_min_ms;
}

/* ---- sending */

/* Retained: who subscribes later knows up to where there is something to catch up with. */
static void send_heads(struct publisher *publisher)
{
        char seq[24];
        int mid;

        for (int i = 0; i < publisher->head_count; i++) {
                buf_cut(&publisher->topic, 0);
                snprintf(seq, sizeof seq, "%lld", (long long)publisher->heads[i].seq);
                if (envelope_seq_topic(publisher->heads[i].tenant, &publisher->topic) == 0)
                        connection_publish(publisher->connection, buf_text(&publisher->topic), seq,
                                           strlen(seq), false, &mid);
        }
        publisher->head_count = 0;
}

static int note_head(void *context, const char *tenant, int64_t seq)
{
        struct publisher *publisher = context;
        int i = 0;

        while (i < publisher->head_count && strcmp(publisher->heads[i].tenant, tenant) != 0)
                i++;
        if (strlen(tenant) >= TENANT_MAX)
                return 0;
        if (i == HEADS_MAX) {
                send_heads(publisher);
                i = 0;
        }
        if (i == publisher->head_count) {
                publisher->head_count++;
                snprintf(publisher->heads[i].tenant, TENANT_MAX, "%s", tenant);
        }
        publisher->heads[i].seq = seq;
        return 0;
}

/* Each in flight needs a place for what becomes of it. */
static bool has_room(const struct publisher *publisher)
{
        return publisher->in_flight < PUBLISHER_WINDOW_MAX &&
               marks_room(publisher->marks) > publisher->in_flight;
}

/* Whether to look at the rows: as soon as there is room for one. Who waits for room for several waits for a
 * broker that holds its small answers back until something is sent to it (Nagle), 40 ms each time. */
static bool wants_rows(const struct publisher *publisher)
{
        return publisher->is_ready && !publisher->is_stopping && has_room(publisher) &&
               (publisher->is_woken || publisher->has_more ||
                clock_monotonic_ms() >= publisher->next_look_ms);
}

/* Returns a negative code only when the connection is lost. */
static int send_one(void *context, const struct publication *publication)
{
        struct publisher *publisher = context;
        struct flight *flight = publisher->window;
        enum connection_sending sending;
        struct err err = {0};
        int mid = MQTT_PAYLOAD_INVALID;

        if (!has_room(publisher)) {
                publisher->has_more = true;
                return 1;
        }
        publisher->looked_at++;
        buf_cut(&publisher->topic, 0);
        buf_cut(&publisher->payload, 0);
        if (envelope_print(publication, &publisher->pseudonyms, &publisher->payload, &err) < 0) {
                log_warning("publish", "%s", err.text);
                sending = CONNECTION_UNFIT;
                mid = err.code == ERR_LIMIT ? MQTT_TOO_LARGE : MQTT_PAYLOAD_INVALID;
        } else if (envelope_topic(publication, &publisher->topic) < 0) {
                sending = CONNECTION_UNFIT;
                mid = MQTT_TOO_LARGE;
        } else {
                sending =
                    connection_publish(publisher->connection, buf_text(&publisher->topic),
                                       buf_text(&publisher->payload), publisher->payload.length, true, &mid);
        }
        if (sending == CONNECTION_SEND_LOST)
                return ERR_IO;
        publisher->last_id = publication->id;
        if (sending == CONNECTION_UNFIT) {
                refuse(publisher, publication->id, mid);
                return 0;
        }
        while (flight->is_used)
                flight++;
        if (publisher->in_flight == 0)
                publisher->last_word_ms = clock_monotonic_ms();
        *flight = (struct flight){publication->id, mid, true};
        publisher->in_flight++;
        publisher->sent++;
        return note_head(publisher, publication->tenant, publication->seq);
}

/* Nothing was written since the rows were read to their end; the reader of an idle gateway can rest. */
static bool is_unchanged(struct publisher *publisher)
{
        int64_t version = -1;
        bool is_unchanged;

        db_tend(publisher->db);
        is_unchanged = db_data_version(publisher->db, &version, NULL) == 0 && !publisher->has_more &&
                       version == publisher->seen_version;
        publisher->seen_version = version;
        return is_unchanged;
}

static void send_rows(struct publisher *publisher)
{
        bool is_idle = publisher->in_flight == 0 && marks_idle(publisher->marks);
        struct err err = {0};
        int r;

        publisher->next_look_ms = clock_monotonic_ms() + IDLE_MS;
        publisher->is_woken = false;
        if (is_unchanged(publisher) && !(is_idle && publisher->is_behind))
                return;
        /* What was refused may have been queued again by hand: it stands behind us. */
        if (is_idle)
                publisher->last_id = 0;
        publisher->is_behind = !is_idle;
        publisher->has_more = false;
        publisher->looked_at = 0;
        r = publication_next(publisher->db, publisher->last_id, LOOK_MAX, send_one, publisher, &err);
        publisher->has_more |= publisher->looked_at == LOOK_MAX;
        if (r < 0 && err.text[0]) {
                log_error("publish", "%s", err.text);
                publisher->seen_version = -1;
        }
        if (!publisher->has_more)
                send_heads(publisher);
}

/* ---- connecting */

/* Which words /readyz shows, and which version is spoken next time. */
static void judge(struct publisher *publisher)
{
        static const char *const words[] = {
            [CONNECTION_BROKE] = "not connected: the connection was lost",
            [CONNECTION_UNANSWERED] = "not connected: the broker does not answer",
            [CONNECTION_REFUSED] = "not connected: the broker refuses",
            [CONNECTION_OLD_BROKER] = "not connected: the broker speaks MQTT 3.1.1",
        };
        enum connection_ending ending = connection_ending(publisher->connection);

        publisher->state = words[ending];
        publisher->unanswered = ending == CONNECTION_UNANSWERED ? publisher->unanswered + 1 : 0;
        if (ending == CONNECTION_OLD_BROKER) {
                publisher->options.connection.is_old = true;
        } else if (publisher->unanswered == UNANSWERED_MAX) {
                publisher->options.connection.is_old = !publisher->options.connection.is_old;
                publisher->unanswered = 0;
        }
}

static void forget_connection(struct publisher *publisher)
{
        publisher->connection = connection_close(publisher->connection, false);
        if (publisher->is_connected)
                publisher->losses++;
        publisher->is_connected = publisher->is_ready = false;
        memset(publisher->window, 0, sizeof publisher->window);
        publisher->in_flight = publisher->head_count = 0;
}

/* All gateways of a broker that comes back must not knock at once. */
static int back_off(struct publisher *publisher)
{
        int half_ms = publisher->backoff_ms / 2,
            wait_ms = half_ms + (int)arc4random_uniform((uint32_t)half_ms + 1);

        publisher->next_connect_ms = clock_monotonic_ms() + wait_ms;
        publisher->backoff_ms *= 2;
        if (publisher->backoff_ms > PUBLISHER_BACKOFF_MAX_MS)
                publisher->backoff_ms = PUBLISHER_BACKOFF_MAX_MS;
        return wait_ms;
}

static void lose(struct publisher *publisher)
{
        int wait_ms = back_off(publisher);

        judge(publisher);
        log_warning("publish", "mqtt %s:%d: %s: trying again in %d ms", publisher->options.connection.host,
                    publisher->options.connection.port, connection_reason(publisher->connection), wait_ms);
        forget_connection(publisher);
}

/* Takes and never acknowledges: perhaps another connection is better served. */
static void leave_when_silent(struct publisher *publisher)
{
        int wait_ms;

        if (!publisher->in_flight ||
            clock_monotonic_ms() - publisher->last_word_ms < publisher->options.ack_ms)
                return;
        wait_ms = back_off(publisher);
        publisher->is_silent = true;
        publisher->state = SILENT_TEXT;
        log_warning("publish",
                    "mqtt %s:%d: nothing acknowledged in %d ms, %d in flight: trying anew in %d ms: check the"
                    " broker",
                    publisher->options.connection.host, publisher->options.connection.port,
                    publisher->options.ack_ms, publisher->in_flight, wait_ms);
        forget_connection(publisher);
}

static void try_connect(struct publisher *publisher)
{
        struct err err = {0};

        if (connection_open(&publisher->options.connection, on_acknowledged, publisher,
                            &publisher->connection, &err) < 0) {
                log_warning("publish", "%s", err.text);
                publisher->state = "not connected: the broker cannot be reached";
                back_off(publisher);
        }
}

static void tell_connected(struct publisher *publisher)
{
        const struct connection_options *options = &publisher->options.connection;

        publisher->is_connected = true;
        publisher->is_old = options->is_old;
        publisher->unanswered = 0;
        publisher->connects++;
        publisher->state = connected_text(publisher);
        log_info("publish", "connected to mqtt %s:%d", options->host, options->port);
        if (options->is_old)
                log_warning("publish",
                            "mqtt %s:%d: the broker speaks only MQTT 3.1.1: what its rules deny it "
                            "acknowledges all the"
                            " same, and nothing expires: use one that speaks v5",
                            options->host, options->port);
}

/* The rows are read from their beginning once they show what the last connection brought: otherwise what was
 * acknowledged over it would be sent again. */
static void get_ready(struct publisher *publisher)
{
        struct err err = {0};

        if (!publisher->is_connected)
                tell_connected(publisher);
        if (!marks_idle(publisher->marks))
                return;
        if (pseudonyms_load(&publisher->pseudonyms, publisher->db, &err) < 0) {
                log_error("publish", "%s", err.text);
                return;
        }
        publisher->last_id = 0;
        publisher->has_more = true;
        publisher->seen_version = -1;
        if (publication_heads(publisher->db, note_head, publisher, &err) < 0) {
                log_error("publish", "%s", err.text);
                return;
        }
        publisher->is_ready = true;
}

/* ---- the loop */

static void sleep_until(struct publisher *publisher, int64_t until_ms)
{
        struct pollfd fd = {.fd = publisher->wake_fd, .events = POLLIN};
        int64_t wait_ms = until_ms - clock_monotonic_ms();

        if (wait_ms > 0)
                poll(&fd, 1, (int)wait_ms);
}

/* True when somebody woke us. */
static bool take_wake(struct publisher *publisher)
{
        eventfd_t value;

        return eventfd_read(publisher->wake_fd, &value) == 0;
}

static void step_connected(struct publisher *publisher)
{
        enum connection_state state;

        state =
            connection_step(publisher->connection, publisher->wake_fd, wants_rows(publisher) ? 0 : IDLE_MS);
        publisher->is_woken |= take_wake(publisher);
        if (state == CONNECTION_READY && !publisher->is_ready)
                get_ready(publisher);
        if (state == CONNECTION_READY && wants_rows(publisher))
                send_rows(publisher);
        if (state == CONNECTION_LOST)
                lose(publisher);
        else
                leave_when_silent(publisher);
}

/* After the stop: the last words of the broker, then goodbye, then the last marks. */
static void drain(struct publisher *publisher)
{
        int64_t deadline_ms = clock_monotonic_ms() + PUBLISHER_DRAIN_MS;

        while (publisher->connection && publisher->in_flight && clock_monotonic_ms() < deadline_ms) {
                step_connected(publisher);
                marks_flush(publisher->marks);
        }
        publisher->connection = connection_close(publisher->connection, true);
        publisher->is_connected = false;
        for (marks_flush(publisher->marks);
             !marks_idle(publisher->marks) && clock_monotonic_ms() < deadline_ms;
             marks_flush(publisher->marks)) {
                sleep_until(publisher, clock_monotonic_ms() + 100);
                take_wake(publisher);
        }
}

static void *publisher_main(void *context)
{
        struct publisher *publisher = context;

        while (!publisher->is_stopping) {
                if (publisher->connection) {
                        step_connected(publisher);
                } else if (clock_monotonic_ms() >= publisher->next_connect_ms) {
                        try_connect(publisher);
                } else {
                        sleep_until(publisher, publisher->next_connect_ms);
                        take_wake(publisher);
                }
                marks_flush(publisher->marks);
        }
        drain(publisher);
        return NULL;
}

/* ---- for others */

static int start(struct publisher *publisher, struct writer *writer, struct err *err)
{
        sigset_t all, old;
        int r;

        publisher->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (publisher->wake_fd < 0)
                return err_set(err, ERR_IO, "publisher: no eventfd: too many open files");
        r = marks_new(writer, publisher->wake_fd, &publisher->marks, err);
        if (r == 0)
                r = db_open(publisher->options.database, DB_READER, &publisher->db, err);
        if (r < 0)
                return r;
        /* Signals are for the main thread; a broken TLS connection must not end the program. */
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        r = pthread_create(&publisher->thread, NULL, publisher_main, publisher);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
        return r == 0 ? 0 : err_set(err, ERR_IO, "publisher: cannot start a thread");
}

static void free_publisher(struct publisher *publisher)
{
        db_close(publisher->db);
        marks_free(publisher->marks);
        if (publisher->wake_fd >= 0)
                close(publisher->wake_fd);
        buf_fini(&publisher->topic);
        buf_fini(&publisher->payload);
        free(publisher);
        mosquitto_lib_cleanup();
}

int publisher_open(const struct publisher_options *options, struct writer *writer,
                   struct publisher **ret_publisher, struct err *err)
{
        struct publisher *publisher = calloc(1, sizeof *publisher);
        int r;

        if (!publisher)
                return err_set(err, ERR_NOMEM, "publisher: out of memory");
        mosquitto_lib_init();
        publisher->options = *options;
        publisher->wake_fd = -1;
        if (publisher->options.backoff_min_ms <= 0)
                publisher->options.backoff_min_ms = PUBLISHER_BACKOFF_MIN_MS;
        if (publisher->options.ack_ms <= 0)
                publisher->options.ack_ms = PUBLISHER_ACK_MS;
        publisher->state = "not connected yet";
        publisher->backoff_ms = publisher->options.backoff_min_ms;
        buf_init(&publisher->topic, ENVELOPE_TOPIC_MAX);
        buf_init(&publisher->payload, ENVELOPE_PAYLOAD_MAX);
        r = start(publisher, writer, err);
        if (r < 0) {
                free_publisher(publisher);
                return r;
        }
        *ret_publisher = publisher;
        return 0;
}

void publisher_wake(struct publisher *publisher)
{
        eventfd_write(publisher->wake_fd, 1);
}

void publisher_read_status(struct publisher *publisher, struct publisher_status *ret_status)
{
        *ret_status = (struct publisher_status){
            .is_connected = publisher->is_connected,
            .is_old = publisher->is_connected && publisher->is_old,
            .is_silent = publisher->is_silent,
            .state = publisher->state,
            .connects = publisher->connects,
            .losses = publisher->losses,
            .in_flight = publisher->in_flight,
            .sent = publisher->sent,
            .acknowledged = publisher->acknowledged,
            .refused = publisher->refused,
        };
}

struct publisher *publisher_close(struct publisher *publisher)
{
        if (!publisher)
                return NULL;
        publisher->is_stopping = true;
        publisher_wake(publisher);
        pthread_join(publisher->thread, NULL);
        free_publisher(publisher);
        return NULL;
}
