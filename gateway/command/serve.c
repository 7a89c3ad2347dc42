/* kapula serve: runs the gateway until SIGTERM or SIGINT; SIGHUP reads rules, templates and providers anew.
 */
#include "base/log.h"
#include "base/yaml.h"
#include "command/gateway.h"
#include "command/verbs.h"
#include "command/virtual_clock.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define PORT_MAX 65535
#define ARENA_MAX 2              /* of malloc */
#define LARGE_BYTES (128 * 1024) /* goes back to the system as soon as it is freed */
#define TUNABLES "GLIBC_TUNABLES"
#define COMMAND_LINE_MAX 8192 /* bytes; a longer one is not begun anew */

struct serve_options {
        const char *config, *db, *port, *virtual_clock;
};

static int read_port(const char *text, int *ret_port, struct err *err)
{
        int64_t port = -1;

        if (text && (!yaml_read_int(text, &port) || port < 0 || port > PORT_MAX))
                return err_set(err, ERR_USAGE, "serve: --port: `%.20s` is no port: give 0 to %d", text,
                               PORT_MAX);
        *ret_port = (int)port;
        return 0;
}

static void wait_for_end(struct gateway *gateway, const sigset_t *signals)
{
        struct err err;
        int signal;

        while (sigwait(signals, &signal) == 0 && signal == SIGHUP) {
                sd_notify(0, "RELOADING=1");
                if (gateway_reload(gateway, &err) < 0)
                        log_error("serve", "not reloaded, the old stay in force: %s", err.text);
                else
                        log_info("serve", "rules, templates, providers, prices and budgets read anew");
                sd_notify(0, "READY=1");
        }
}

static int serve(const struct gateway_options *options, const sigset_t *signals, struct err *err)
{
        struct gateway *gateway;
        int r = gateway_open(options, &gateway, err);

        if (r < 0)
                return r;
        printf("kapula: serving at %s from %s\n", gateway_base_url(gateway), options->database);
        fflush(stdout);
        sd_notify(0, "READY=1");
        wait_for_end(gateway, signals);
        sd_notify(0, "STOPPING=1");
        gateway_close(gateway);
        return 0;
}

/* By default each thread gets an arena of its own and freed memory is kept for the worst case that was. */
static void limit_heap(void)
{
        mallopt(M_ARENA_MAX, ARENA_MAX);
        mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
        mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

/* What each thread has freed last the C library keeps for it, a few chunks of every size, and each of them
 * holds a page that could go back. Only a setting that is read before main turns this off: the program begins
 * anew with it, once. Where that cannot be done it goes on as it is. */
static void drop_thread_caches(void)
{
#ifndef __SANITIZE_ADDRESS__
        static char line[COMMAND_LINE_MAX];
        char *arguments[COMMAND_LINE_MAX / 2];
        size_t length = 0;
        int count = 0;
        FILE *file;

        if (getenv(TUNABLES))
                return;
        file = fopen("/proc/self/cmdline", "re");
        if (file) {
                length = fread(line, 1, sizeof line, file);
                fclose(file);
        }
        if (length == 0 || length == sizeof line)
                return;
        for (char *at = line; at < line + length; at += strlen(at) + 1)
                arguments[count++] = at;
        arguments[count] = NULL;
        if (setenv(TUNABLES, "glibc.malloc.tcache_count=0", 1) == 0)
                execv("/proc/self/exe", arguments);
#endif
}

static int read_and_serve(int argc, char **argv, struct err *err)
{
        struct serve_options given = {0};
        const struct option_spec specs[] = {
            {.name = "--config", .value = &given.config},
            {.name = "--db", .value = &given.db},
            {.name = "--port", .value = &given.port},
            {.name = "--virtual-clock", .value = &given.virtual_clock},
            {0},
        };
        _cleanup_(free_ptr) char *database = NULL;
        _cleanup_(config_fini) struct config config = {0};
        struct gateway_options options = {.config = &config, .version = KAPULA_VERSION};
        const char *operands[OPERAND_MAX];
        sigset_t signals;
        int count, r = options_read(argc, argv, specs, operands, &count, err);

        if (r == 0 && count)
                r = err_set(err, ERR_USAGE, "serve: takes no operands: see kapula help serve");
        if (r == 0)
                r = read_port(given.port, &options.port, err);
        if (r == 0)
                r = given.virtual_clock ? virtual_clock_read(given.virtual_clock, &options.start_utc, err)
                                        : 0;
        if (r == 0)
                r = config_load(given.config, &config, err);
        if (r == 0)
                r = command_database_path(given.db ? given.db : config.database, &database, err);
        if (r < 0)
                return r;
        options.config_path = given.config;
        options.database = database;
        limit_heap();
        /* Blocked before any thread starts, so that only wait_for_end sees them. */
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        sigaddset(&signals, SIGHUP);
        sigprocmask(SIG_BLOCK, &signals, NULL);
        signal(SIGPIPE, SIG_IGN);
        return serve(&options, &signals, err);
}

/* What keeps it from serving, a wrong configuration too, is "could not" and never "the answer is no". */
static int run(int argc, char **argv, struct err *err)
{
        int r;

        drop_thread_caches();
        r = read_and_serve(argc, argv, err);
        return r < 0 && r != ERR_USAGE ? ERR_IO : r;
}

const struct verb verb_serve = {
    .name = "serve",
    .usage = "[--config FILE] [--db FILE] [--port N] [--virtual-clock T]",
    .summary = "runs the gateway; without a configuration on loopback with the sandbox provider",
    .run = run,
};
