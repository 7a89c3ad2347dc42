#include "base/log.h"
#include "deliver/courier_private.h"
#include "store/db.h"
#include "store/provider_state.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define STOP_MS 10000 /* the last job waits so long for the disk */

/* ---- the loop */

static int wait_time(const struct courier *courier, int wait_ms)
{
        int64_t now_ms = clock_monotonic_ms(), until = courier->check_at_ms;

        if (courier->submit_at_ms > now_ms)
                until = courier->submit_at_ms;
        if (courier->is_submitted)
                return wait_ms;
        if (until - now_ms < wait_ms)
                return until > now_ms ? (int)(until - now_ms) : 0;
        return wait_ms;
}

/* Out of memory curl goes on where it was, at the next call. */
static int check_loop(struct courier *courier, CURLMcode code, struct err *err)
{
        if (code == CURLM_OK)
                return 0;
        if (code != CURLM_OUT_OF_MEMORY)
                return err_set(err, ERR_IO, "courier: curl's loop failed: %s", curl_multi_strerror(code));
        log_error("deliver", "courier: out of memory");
        courier_note_trouble(courier, clock_monotonic_ms());
        poll(NULL, 0, (int)courier->trouble_ms);
        return 0;
}

int courier_step(struct courier *courier, int wait_ms, struct err *err)
{
        int64_t hold;
        int running, r;

        courier_submit_when_needed(courier);
        courier_take_done(courier);
        courier_start_waiting(courier);
        r = check_loop(courier, curl_multi_perform(courier->multi, &running), err);
        if (r < 0)
                return r;
        courier_collect(courier);
        courier_start_waiting(
            courier); /* connections that have become free: else the poll would sleep on what waits */
        hold = courier_hold_ms(courier, clock_monotonic_ms());
        if (hold)
                wait_ms = wait_ms < hold ? wait_ms : (int)hold;
        else if ((atomic_load(&courier->is_woken) || courier->finished_count) && !courier->trouble_ms)
                wait_ms = courier->is_submitted ? wait_ms : 0;
        courier->is_idle = !courier->is_submitted && !courier->finished_count && !courier->trouble_ms &&
                           !atomic_load(&courier->under_way) && !atomic_load(&courier->is_woken);
        return check_loop(courier,
                          curl_multi_poll(courier->multi, NULL, 0, wait_time(courier, wait_ms), NULL), err);
}

bool courier_is_idle(const struct courier *courier)
{
        return courier->is_idle;
}

static void wake_from_job(void *context)
{
        struct courier *courier = context;

        curl_multi_wakeup(courier->multi);
}

void courier_wake(struct courier *courier)
{
        atomic_store(&courier->is_woken, true);
        curl_multi_wakeup(courier->multi);
}

struct courier_counts courier_counts(const struct courier *courier)
{
        return (struct courier_counts){.accepted = atomic_load(&courier->counts[ATTEMPT_ACCEPTED]),
                                       .rejected = atomic_load(&courier->counts[ATTEMPT_REJECTED]),
                                       .retry = atomic_load(&courier->counts[ATTEMPT_RETRY]),
                                       .unknown = atomic_load(&courier->counts[ATTEMPT_UNKNOWN]),
                                       .under_way = atomic_load(&courier->under_way)};
}

bool courier_provider(const struct courier *courier, int index, struct courier_provider *ret_provider)
{
        const struct lane_counts *counts;

        if (index >= courier->config.provider_count)
                return false;
        counts = &courier->lane_counts[index];
        *ret_provider = (struct courier_provider){.name = provider_name(courier->config.providers[index]),
                                                  .is_resting = atomic_load(&counts->is_resting),
                                                  .under_way = atomic_load(&counts->under_way),
                                                  .opened = atomic_load(&counts->opened),
                                                  .asked = atomic_load(&counts->asked)};
        for (int i = 0; i <= ATTEMPT_UNKNOWN; i++)
                ret_provider->outcomes[i] = atomic_load(&counts->outcomes[i]);
        return true;
}

/* ---- beginning */

struct recover_job {
        struct writer_job job;
        struct courier *courier;
        int64_t now_utc, count;
};

static const struct provider *find_provider(struct courier *courier, const char *name)
{
        for (int i = 0; i < courier->config.provider_count; i++)
                if (strcmp(provider_name(courier->config.providers[i]), name) == 0)
                        return courier->config.providers[i];
        return NULL;
}

static struct message_fate decide(void *context, const struct message *message, const char *name)
{
        struct recover_job *job = context;
        const struct provider *provider = find_provider(job->courier, name);
        struct retry_case attempt = courier_retry_case(job->courier, provider, message, ATTEMPT_UNKNOWN, -1);
        struct message_outcome outcome = {
            .message = message->id, .detail = "the gateway had stopped", .fate = retry_fate(&attempt)};

        snprintf(outcome.provider, sizeof outcome.provider, "%s", name);
        courier_tell_unknown(&outcome);
        return outcome.fate;
}

static bool is_known(void *context, const char *name)
{
        return find_provider(context, name) != NULL;
}

static bool is_asked(void *context, const char *name)
{
        const struct provider *provider = find_provider(context, name);
        int64_t until;

        return provider && provider_poll_seconds(provider, &until) > 0;
}

static int run_recover(struct writer_job *writer_job, struct db *db, int64_t now_utc, struct err *err)
{
        struct recover_job *job = (struct recover_job *)writer_job;
        int r = message_database_uid(db, job->courier->uid, err);

        job->now_utc = now_utc;
        if (r == 0)
                r = message_recover(db, now_utc, decide, job, &job->count, err);
        if (r == 0)
                r = message_stop_polls(db, is_asked, job->courier, err);
        if (r == 0)
                r = provider_state_begin(db, now_utc, err);
        return r < 0 ? r : message_release_pins(db, now_utc, is_known, job->courier, err);
}

static int recover(struct courier *courier, struct err *err)
{
        struct recover_job job = {.job = {.run = run_recover}, .courier = courier};
        int r;

        if (courier->config.writer)
                r = writer_run(courier->config.writer, &job.job, err);
        else
                r = writer_run_inline(courier->db, clock_now_utc(courier->config.clock), &job.job, err);
        if (r == 0 && job.count)
                log_warning("deliver", "%" PRId64 " messages were under way when the gateway last stopped",
                            job.count);
        return r;
}

static int set_up(struct courier *courier, struct err *err)
{
        const struct courier_config *config = &courier->config;
        int64_t now_ms = clock_monotonic_ms(), until;
        int r = 0;

        courier->finished_room = (size_t)(config->provider_count + 1) * COURIER_LANE_MAX;
        courier->finished = calloc(courier->finished_room, sizeof *courier->finished);
        courier->multi = curl_multi_init();
        if (!courier->finished || !courier->multi)
                return err_set(err, ERR_NOMEM, "courier: out of memory");
        /* Twice the room: what a failed job holds, and what finishes meanwhile. */
        r = courier_job_init(&courier->job, courier->finished_room * 2, err);
        if (r < 0)
                return r;
        courier->job.wake = wake_from_job;
        courier->job.context = courier;
        curl_multi_setopt(courier->multi, CURLMOPT_MAXCONNECTS,
                          (long)PROVIDER_CONNECTION_MAX * (config->provider_count + 1));
        for (int i = 0; i < config->provider_count; i++) {
                lane_init(&courier->lanes[i], config->providers[i], now_ms);
                courier->is_asking =
                    courier->is_asking || provider_poll_seconds(config->providers[i], &until) > 0;
        }
        courier->db = config->db;
        if (config->writer) {
                r = db_open(config->path, DB_READER, &courier->own_db, err);
                courier->db = courier->own_db;
        }
        return r < 0 ? r : recover(courier, err);
}

static void destroy(struct courier *courier)
{
        for (int i = 0; i < courier->config.provider_count; i++)
                lane_fini(&courier->lanes[i]);
        courier_job_fini(&courier->job);
        curl_multi_cleanup(courier->multi);
        db_close(courier->own_db);
        free(courier->finished);
        free(courier);
}

int courier_new(const struct courier_config *config, struct courier **ret_courier, struct err *err)
{
        struct courier *courier;
        int r;

        if (config->provider_count > PROVIDER_MAX)
                return err_set(err, ERR_LIMIT, "configuration: more than %d providers: use fewer",
                               PROVIDER_MAX);
        courier = calloc(1, sizeof *courier);
        if (!courier)
                return err_set(err, ERR_NOMEM, "courier: out of memory");
        courier->config = *config;
        r = set_up(courier, err);
        if (r < 0)
                destroy(courier);
        else
                *ret_courier = courier;
        return r;
}

/* ---- the end */

static void abandon(struct courier *courier, struct lane *lane)
{
        struct message_outcome outcome;
        struct transfer *transfer;
        int64_t retry_after;

        while ((transfer = lane->under_way)) {
                if (transfer->is_question) {
                        courier_conclude(courier, transfer, CURLE_OPERATION_TIMEDOUT);
                        continue;
                }
                transfer_outcome(transfer, CURLE_OPERATION_TIMEDOUT, clock_now_utc(courier->config.clock),
                                 &outcome, &retry_after);
                courier_unlink_transfer(courier, lane, transfer);
                if (!outcome.status)
                        snprintf(outcome.detail, sizeof outcome.detail,
                                 "the gateway stopped before the answer came");
                courier_finish_transfer(courier, lane, transfer, &outcome, retry_after);
        }
}

static bool is_drained(const struct courier *courier)
{
        return !atomic_load(&courier->under_way) && !courier->is_submitted && !courier->finished_count &&
               !courier->job.finished_count;
}

static void step_until(struct courier *courier, int64_t until_ms, bool for_transfers)
{
        struct err err = {0};

        while (clock_monotonic_ms() < until_ms && !is_drained(courier) &&
               (!for_transfers || atomic_load(&courier->under_way))) {
                for (int i = 0; i < courier->config.provider_count; i++)
                        courier_give_back_queue(courier, &courier->lanes[i]);
                if (courier_step(courier, 100, &err) < 0) {
                        log_error("deliver", "%s", err.text);
                        return;
                }
        }
}

struct courier *courier_free(struct courier *courier)
{
        int drain_ms;

        if (!courier)
                return NULL;
        drain_ms = courier->config.drain_ms ? courier->config.drain_ms : COURIER_DRAIN_MS;
        atomic_store(&courier->is_stopping, true);
        for (int i = 0; i < courier->config.provider_count; i++)
                courier_give_back_queue(courier, &courier->lanes[i]);
        step_until(courier, clock_monotonic_ms() + drain_ms, true);
        for (int i = 0; i < courier->config.provider_count; i++)
                abandon(courier, &courier->lanes[i]);
        step_until(courier, clock_monotonic_ms() + STOP_MS, false);
        if (!is_drained(courier))
                log_error("deliver",
                          "the last outcomes could not be written: those messages are settled at the next "
                          "start");
        destroy(courier);
        return NULL;
}

/* ---- a thread of its own */

static void *courier_main(void *context)
{
        struct courier *courier = context;
        struct err err = {0};

        while (!atomic_load(&courier->is_stopping))
                if (courier_step(courier, COURIER_CHECK_MS, &err) < 0) {
                        log_error("deliver", "the courier stopped: %s", err.text);
                        break;
                }
        return NULL;
}

int courier_open(const struct courier_config *config, struct courier **ret_courier, struct err *err)
{
        struct courier *courier = NULL;
        int r = courier_new(config, &courier, err);

        if (r == 0 && pthread_create(&courier->thread, NULL, courier_main, courier) != 0)
                r = ERR_IO;
        if (r < 0) {
                courier_free(courier);
                return err && err->text[0] ? r : err_set(err, r, "courier: cannot start a thread");
        }
        pthread_setname_np(courier->thread, "courier");
        *ret_courier = courier;
        return 0;
}

struct courier *courier_close(struct courier *courier)
{
        if (!courier)
                return NULL;
        atomic_store(&courier->is_stopping, true);
        curl_multi_wakeup(courier->multi);
        pthread_join(courier->thread, NULL);
        return courier_free(courier);
}
