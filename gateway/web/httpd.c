#include "web/httpd.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"
#include "web/exchange.h"
#include "web/listen.h"
#include "web/reader.h"

#include <string.h>
#include <unistd.h>

#define CONNECTION_MAX 512
#define PER_ADDRESS_MAX 128
#define TIMEOUT_S 30
#define DRAIN_MS 5000
#define CONNECTION_BYTES \
        (2 * HTTPD_HEADER_MAX) /* past this the library refuses the head itself, in its own words */
#define ABANDON_MS 1000        /* for the 503 of what was not answered while draining to go out */

static int start(struct httpd *httpd, int socket, struct err *err)
{
        const struct httpd_options *options = &httpd->options;

        httpd->daemon = MHD_start_daemon(
            MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, receive_request, httpd,
            MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_NOTIFY_COMPLETED, receive_completed, httpd,
            MHD_OPTION_URI_LOG_CALLBACK, receive_url, httpd, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
            CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT, options->connection_max,
            MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->per_address_max, MHD_OPTION_CONNECTION_TIMEOUT,
            options->timeout_s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
        if (!httpd->daemon)
                return err_set(err, ERR_IO, "web: the server does not start: check the limit of open files");
        return 0;
}

/* A proxy on this machine brings all of its clients from one address. */
static bool is_loopback(const char *listen)
{
        return !listen || strncmp(listen, "127.", 4) == 0 || strcmp(listen, "::1") == 0 ||
               strcmp(listen, "localhost") == 0;
}

static struct httpd *make(const struct httpd_options *options)
{
        struct httpd *httpd = calloc(1, sizeof *httpd);
        pthread_condattr_t attributes;

        if (!httpd)
                return NULL;
        httpd->options = *options;
        httpd->references = 1;
        pthread_mutex_init(&httpd->mutex, NULL);
        pthread_mutex_init(&httpd->db_mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&httpd->settled, &attributes);
        pthread_condattr_destroy(&attributes);
        if (!options->connection_max)
                httpd->options.connection_max = CONNECTION_MAX;
        if (!options->per_address_max)
                httpd->options.per_address_max =
                    is_loopback(options->listen) ? httpd->options.connection_max : PER_ADDRESS_MAX;
        if (!options->timeout_s)
                httpd->options.timeout_s = TIMEOUT_S;
        if (!options->drain_ms)
                httpd->options.drain_ms = DRAIN_MS;
        return httpd;
}

int httpd_open(const struct httpd_options *options, struct httpd **ret_httpd, struct err *err)
{
        struct httpd *httpd = make(options);
        int socket = -1, r;

        if (!httpd) {
                if (options->released)
                        options->released(options->web);
                return err_set(err, ERR_NOMEM, "web: out of memory");
        }
        r = listen_open(options->listen, options->port, &socket, &httpd->port, err);
        if (r == 0)
                r = db_open(options->db_path, DB_READER, &httpd->db, err);
        if (r == 0)
                r = reader_open(options->db_path, options->web, httpd->db, &httpd->db_mutex, &httpd->reader,
                                err);
        if (r == 0)
                r = start(httpd, socket, err);
        if (r < 0) {
                reader_close(httpd->reader);
                db_close(httpd->db);
                if (socket >= 0)
                        close(socket);
                httpd_unref(httpd);
                return r;
        }
        *ret_httpd = httpd;
        return 0;
}

int httpd_port(const struct httpd *httpd)
{
        return httpd->port;
}

/* Waits, with the mutex held, until nothing is owed, at most for TIME_MS. */
static void settle(struct httpd *httpd, int64_t time_ms)
{
        int64_t until_ms = clock_monotonic_ms() + time_ms;
        struct timespec until = {until_ms / 1000, until_ms % 1000 * 1000000};

        while (httpd->owed)
                if (pthread_cond_timedwait(&httpd->settled, &httpd->mutex, &until) != 0)
                        return;
}

struct httpd *httpd_close(struct httpd *httpd)
{
        int socket, abandoned = 0;

        if (!httpd)
                return NULL;
        httpd->draining = true;
        socket = MHD_quiesce_daemon(httpd->daemon);
        if (socket >= 0)
                close(socket);
        reader_stop(httpd->reader);
        pthread_mutex_lock(&httpd->mutex);
        settle(httpd, httpd->options.drain_ms);
        httpd->stopped = true;
        for (; httpd->waiting; abandoned++)
                exchange_resume(httpd->waiting, ABANDONED);
        settle(httpd, ABANDON_MS);
        pthread_mutex_unlock(&httpd->mutex);
        if (abandoned)
                log_warning("web", "%d requests were not answered in %u ms and were told to try again",
                            abandoned, httpd->options.drain_ms);
        MHD_stop_daemon(httpd->daemon);
        reader_close(httpd->reader);
        db_close(httpd->db);
        httpd_unref(httpd);
        return NULL;
}
