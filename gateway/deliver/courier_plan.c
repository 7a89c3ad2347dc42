/* What the courier has the writer do: outcomes written, messages claimed. */
#include "base/log.h"
#include "deliver/courier_private.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

#define TROUBLE_MS 10    /* after a failure, doubled each time up to COURIER_CHECK_MS, before the next try */
#define OUTCOMES_MIN 512 /* that are written together, … */
#define OUTCOMES_HOLD_MS                                                                     \
        100 /* … unless the first has waited as long as the last job took, at most so long \
             */

static const char *const channels[] = {"sms", "email"};

void courier_note_trouble(struct courier *courier, int64_t now_ms)
{
        int64_t wait = courier->trouble_ms * 2;

        wait = wait < TROUBLE_MS ? TROUBLE_MS : wait;
        courier->trouble_ms = wait < COURIER_CHECK_MS ? wait : COURIER_CHECK_MS;
        courier->submit_at_ms = courier->check_at_ms = now_ms + courier->trouble_ms;
}

static void plan_claim(struct courier *courier, int channel, int provider, bool pinned_only)
{
        const struct provider *whose = courier->lanes[provider].provider;
        struct courier_job *job = &courier->job;
        struct claim *claim = &job->claims[job->claim_count++];
        bool is_sms = strcmp(channels[channel], "sms") == 0;

        claim->lane = (struct message_lane){
            .channel = channels[channel],
            .provider = provider_name(whose),
            .pinned_only = pinned_only,
            .takes = is_sms ? provider_prefixes(whose) : NULL,
            .leaves = is_sms && courier->leaves[provider][0] ? courier->leaves[provider] : NULL,
            .senders = provider_senders(whose)};
        claim->provider = provider;
        courier->plan |= UINT64_C(1) << ((channel * PROVIDER_MAX + provider) * 2 + pinned_only);
}

/* Both are JSON arrays, or empty. */
static void add_prefixes(char all[static COURIER_LEAVES_MAX_BYTES], const char *more)
{
        size_t length = strlen(all);

        if (!length)
                snprintf(all, COURIER_LEAVES_MAX_BYTES, "%s", more);
        else
                snprintf(all + length - 1, COURIER_LEAVES_MAX_BYTES - length + 1, ",%s", more + 1);
}

/* Who may claim what: on each channel the first provider in order that works and takes the number takes what
 * is free; one that is being tried again takes a single message beside it; the others take only what is
 * pinned to them. */
static void plan_channel(struct courier *courier, int channel, int64_t now_ms)
{
        struct courier_job *job = &courier->job;
        bool is_sms = strcmp(channels[channel], "sms") == 0, is_taken = false;
        char taken[COURIER_LEAVES_MAX_BYTES] = "";

        for (int i = 0; i < courier->config.provider_count; i++) {
                struct lane *lane = &courier->lanes[i];
                enum breaker_state state = breaker_state(&lane->breaker, now_ms);
                const char *prefixes = is_sms ? provider_prefixes(lane->provider) : NULL;

                if (state == BREAKER_OPEN || !provider_takes(lane->provider, channels[channel]))
                        continue;
                if (is_sms)
                        memcpy(courier->leaves[i], taken, strlen(taken) + 1);
                if (job->budget[i] > 0)
                        plan_claim(courier, channel, i, is_taken);
                if (state == BREAKER_CLOSED && prefixes)
                        add_prefixes(taken, prefixes);
                is_taken = is_taken || (state == BREAKER_CLOSED && !prefixes);
        }
}

static void plan_claims(struct courier *courier, int64_t now_ms)
{
        struct courier_job *job = &courier->job;

        job->claim_count = 0;
        courier->plan = 0;
        for (int i = 0; i < courier->config.provider_count; i++)
                job->budget[i] = lane_room(&courier->lanes[i], now_ms);
        for (size_t channel = 0; channel < ARRAY_SIZE(channels); channel++)
                plan_channel(courier, (int)channel, now_ms);
}

/* Plans whom to ask after what it accepted; true when there is somebody and it is time. */
static bool plan_questions(struct courier *courier, int64_t now_utc, int64_t now_ms)
{
        struct courier_job *job = &courier->job;
        bool any = false;

        for (int i = 0; courier->is_asking && i < courier->config.provider_count; i++) {
                struct lane *lane = &courier->lanes[i];

                job->questions[i].provider = NULL;
                if (courier->poll_utc > now_utc || !lane_wants_questions(lane, now_ms))
                        continue;
                job->questions[i].provider = provider_name(lane->provider);
                job->questions[i].every = provider_poll_seconds(lane->provider, &job->questions[i].until);
                any = true;
        }
        return any;
}

/* Milliseconds until time makes room in some lane, at most COURIER_CHECK_MS. */
static int64_t wait_for_room(struct courier *courier, int64_t now_ms)
{
        int64_t least = COURIER_CHECK_MS, wait;

        for (int i = 0; i < courier->config.provider_count; i++) {
                wait = lane_wait_ms(&courier->lanes[i], now_ms);
                if (wait >= 0 && wait < least)
                        least = wait;
        }
        return least > 0 ? least : 1;
}

static bool is_quiet(const struct courier *courier, int64_t now_ms)
{
        return courier->own_db && courier->version == courier->quiet_version &&
               now_ms < courier->quiet_until_ms && !(courier->plan & ~courier->quiet_plan);
}

/* Asks only when somebody has written since, so that the reader of an idle gateway can rest. */
static int find_next(struct courier *courier, struct err *err)
{
        int64_t version;
        int r = db_data_version(courier->db, &version, err);

        if (r < 0 || (courier->own_db && courier->knows_next && version == courier->version))
                return r;
        r = message_next_time(courier->db, &courier->next_utc, err);
        if (r == 0 && courier->is_asking)
                r = message_poll_time(courier->db, &courier->poll_utc, err);
        courier->knows_next = r == 0;
        courier->version = version;
        return r;
}

/* Is there something to claim or to expire? Plans the claims when there is. */
static bool look_for_work(struct courier *courier, int64_t now_ms)
{
        int64_t now_utc = clock_now_utc(courier->config.clock), next;
        struct err err = {0};
        bool asks;

        courier->is_blocked = false;
        courier->job.claim_count = 0;
        courier->check_at_ms = now_ms + COURIER_CHECK_MS;
        if (courier->own_db)
                db_tend(courier->own_db);
        if (find_next(courier, &err) < 0) {
                log_error("deliver", "%s", err.text);
                courier_note_trouble(courier, now_ms);
                return false;
        }
        next = courier->next_utc;
        asks = plan_questions(courier, now_utc, now_ms);
        if (next > now_utc) {
                if (next - now_utc < COURIER_CHECK_MS / 1000 + 1)
                        courier->check_at_ms = now_ms + (next - now_utc) * 1000 / 4 + 1;
                return asks;
        }
        plan_claims(courier, now_ms);
        if (courier->job.claim_count && !is_quiet(courier, now_ms))
                return true;
        courier->is_blocked = true;
        courier->check_at_ms = now_ms + wait_for_room(courier, now_ms);
        if (is_quiet(courier, now_ms))
                courier->job.claim_count = 0;
        return asks || !is_quiet(courier, now_ms); /* without a claim: what is past its deadline still ends */
}

/* Tells the job whose breaker has changed. */
static void add_turns(struct courier *courier)
{
        int64_t now_ms = clock_monotonic_ms();

        for (int i = 0; i < courier->config.provider_count; i++) {
                struct lane *lane = &courier->lanes[i];

                if (!lane->has_turned)
                        continue;
                lane->has_turned = false;
                courier->job.turns[i].provider = provider_name(lane->provider);
                courier->job.turns[i].is_open = breaker_state(&lane->breaker, now_ms) != BREAKER_CLOSED;
                courier->job.turns[i].probe_s = (lane->breaker.probe_at - now_ms + 999) / 1000;
        }
}

static void submit(struct courier *courier)
{
        struct courier_job *job = &courier->job;
        struct err err = {0};
        int r;

        for (size_t i = 0; i < courier->finished_count; i++)
                courier_job_add(job, &courier->finished[i]);
        courier->finished_count = 0;
        add_turns(courier);
        atomic_store(&job->is_done, false);
        courier->is_submitted = true;
        courier->submitted_ms = clock_monotonic_ms();
        if (!courier->config.writer) {
                writer_run_inline(courier->db, clock_now_utc(courier->config.clock), &job->job, &err);
                return;
        }
        r = writer_submit(courier->config.writer, &job->job);
        if (r < 0) {
                courier->is_submitted = false;
                courier_note_trouble(courier, clock_monotonic_ms());
        }
}

int64_t courier_hold_ms(const struct courier *courier, int64_t now_ms)
{
        int64_t hold = courier->job_ms < OUTCOMES_HOLD_MS ? courier->job_ms : OUTCOMES_HOLD_MS;

        if (!courier->finished_count || courier->finished_count >= OUTCOMES_MIN ||
            !atomic_load(&courier->under_way) || atomic_load(&courier->is_stopping))
                return 0;
        for (int i = 0; i < courier->config.provider_count; i++)
                if (courier->lanes[i].under_way_count && lane_is_low(&courier->lanes[i]))
                        return 0;
        hold -= now_ms - courier->finished_ms;
        return hold > 0 ? hold : 0;
}

void courier_submit_when_needed(struct courier *courier)
{
        int64_t now_ms = clock_monotonic_ms();
        bool stopping = atomic_load(&courier->is_stopping), has_work = false;

        if (courier->is_submitted || now_ms < courier->submit_at_ms || courier_hold_ms(courier, now_ms))
                return;
        courier->job.claim_count = 0;
        if (!stopping && (atomic_exchange(&courier->is_woken, false) || now_ms >= courier->check_at_ms ||
                          courier->finished_count))
                has_work = look_for_work(courier, now_ms);
        if (has_work || courier->finished_count || courier->job.finished_count)
                submit(courier);
}

/* What there is no memory to queue goes back. */
static void enqueue(struct courier *courier, struct lane *lane, struct message_list *list)
{
        int64_t later_utc = clock_now_utc(courier->config.clock) + 1;
        struct err err = {0};

        if (lane_enqueue(lane, list, &err) == 0)
                return;
        log_error("deliver", "%s", err.text);
        for (size_t i = 0; i < list->count; i++)
                courier_give_back_until(courier, &list->items[i], later_utc);
        message_list_fini(list);
}

void courier_take_done(struct courier *courier)
{
        struct courier_job *job = &courier->job;
        int64_t now_ms = clock_monotonic_ms(), moved;

        if (!courier->is_submitted || !atomic_load(&job->is_done))
                return;
        courier->is_submitted = false;
        courier->job_ms = now_ms - courier->submitted_ms;
        if (job->result < 0) {
                log_error("deliver", "outcomes and claims were not written, trying again: %s", job->err.text);
                courier_note_trouble(courier, now_ms);
                return;
        }
        courier->trouble_ms = 0;
        memset(job->turns, 0, sizeof job->turns);
        moved = job->expired + (int64_t)job->finished_count;
        job->finished_count = 0;
        for (int i = 0; i < courier->config.provider_count; i++) {
                moved += (int64_t)job->claimed[i].count;
                bucket_take(&courier->lanes[i].bucket, (int)job->claimed[i].count);
                enqueue(courier, &courier->lanes[i], &job->claimed[i]);
                lane_add_questions(&courier->lanes[i], &job->asked[i]);
                job->questions[i].provider = NULL;
        }
        if (moved) {
                atomic_store(&courier->is_woken, true);
        } else {
                courier->quiet_version = courier->version;
                courier->quiet_plan = courier->plan;
                courier->quiet_until_ms = now_ms + COURIER_CHECK_MS;
        }
}
