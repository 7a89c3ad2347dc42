#include "deliver/courier.h"
#include "base/log.h"
#include "deliver/courier_job.h"
#include "deliver/lane.h"
#include "deliver/retry.h"
#include "store/db.h"
#include "store/provider_state.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define CHECK_MS 1000    /* other programs may write: looked for so often */
#define TROUBLE_MS 10    /* after a failure, doubled each time up to CHECK_MS, before the next try */
#define OUTCOMES_MIN 512 /* that are written together, … */
#define OUTCOMES_HOLD_MS                                                                               \
        100           /* … unless the first has waited as long as the last job took, at most so long \
                       */
#define STOP_MS 10000 /* the last job waits so long for the disk */

static const char *const channels[] = {"sms", "email"};

#define LEAVES_MAX_BYTES 8192 /* prefixes of all providers of a channel */

/* What others may ask of a lane while it works. */
struct lane_counts {
        atomic_llong outcomes[ATTEMPT_UNKNOWN + 1], under_way, opened, asked;
        atomic_bool is_resting;
};

struct courier {
        struct courier_config config;
        struct db *db, *own_db; /* reads; own_db is closed with the courier */
        bool knows_next;        /* what own_db said when the data were of `version` */
        int64_t next_utc, poll_utc;
        CURLM *multi;
        char uid[MESSAGE_UID_MAX];
        struct lane lanes[PROVIDER_MAX];
        struct lane_counts lane_counts[PROVIDER_MAX];
        bool is_asking;                              /* some provider is asked after what it accepted */
        char leaves[PROVIDER_MAX][LEAVES_MAX_BYTES]; /* JSON: numbers that earlier providers take; "": none */
        struct courier_job job;
        bool is_submitted;
        int64_t submitted_ms, job_ms; /* when, and how long the last one took */
        struct finished *finished;    /* for the next job */
        size_t finished_count, finished_room;
        int64_t finished_ms;  /* since when there are any */
        int64_t check_at_ms;  /* when to look for work again */
        int64_t submit_at_ms; /* after a failure: not before, … */
        int64_t trouble_ms;   /* … which is so long after the last one; 0: all is well */
        bool is_blocked;      /* there was work and no room */
        bool is_idle;
        /* A claim moved nothing though rows are due (no provider takes them): the same is not tried again
         * until somebody has written or a second has passed. */
        int64_t version, quiet_version, quiet_until_ms;
        uint64_t plan, quiet_plan; /* a bit for each claim that was planned */
        atomic_bool is_woken, is_stopping;
        pthread_t thread;
        atomic_llong counts[ATTEMPT_UNKNOWN + 1], under_way;
};

/* ---- outcomes */

static void add_finished(struct courier *courier, const struct finished *finished)
{
        if (!courier->finished_count)
                courier->finished_ms = clock_monotonic_ms();
        courier->finished[courier->finished_count++] = *finished;
}

static void give_back_until(struct courier *courier, struct message *message, int64_t not_before)
{
        struct finished finished = {
            .is_given_back = true,
            .outcome = {.message = message->id, .attempt = message->attempt, .fate.not_before = not_before}};

        add_finished(courier, &finished);
        message_fini(message);
}

static void give_back(struct courier *courier, struct message *message)
{
        give_back_until(courier, message, 0);
}

static void give_back_queue(struct courier *courier, struct lane *lane)
{
        struct message *message;

        while ((message = lane_drop(lane)))
                give_back(courier, message);
}

static void tell_unknown(const struct message_outcome *outcome)
{
        const char *reason = outcome->fate.reason ? outcome->fate.reason : "";

        if (strcmp(reason, "may-double") == 0)
                log_warning("deliver",
                            "message %" PRId64
                            ": %s gave no clear answer (%s): urgent, will be sent again and "
                            "may arrive twice",
                            outcome->message, outcome->provider, outcome->detail);
        else if (outcome->fate.next == MESSAGE_UNKNOWN)
                log_warning("deliver",
                            "message %" PRId64 ": %s gave no clear answer (%s): not sent again, may be lost",
                            outcome->message, outcome->provider, outcome->detail);
        else
                log_info("deliver", "message %" PRId64 ": %s gave no clear answer (%s): %s", outcome->message,
                         outcome->provider, outcome->detail,
                         strcmp(reason, "asking-status") == 0 ? "asking what became of it"
                                                              : "asking again with the same key");
}

static struct retry_case make_case(struct courier *courier, const struct provider *provider,
                                   const struct message *message, enum attempt_outcome outcome,
                                   int64_t retry_after)
{
        int64_t now_utc = clock_now_utc(courier->config.clock), seconds, wait;
        bool knows_key = provider && provider_is_idempotent(provider, &seconds);
        struct retry_case attempt = {
            .message = message, .outcome = outcome, .retry_after = retry_after, .now_utc = now_utc};

        /* Past the time for which the provider remembers a key it is no help. */
        attempt.idempotent = knows_key && (!message->first_try || now_utc - message->first_try < seconds);
        attempt.can_ask = provider && provider_can_ask(provider, &wait);
        attempt.ask_wait = attempt.can_ask ? wait : 0;
        return attempt;
}

static int lane_index(const struct courier *courier, const struct lane *lane)
{
        return (int)(lane - courier->lanes);
}

static void note_breaker(struct courier *courier, struct lane *lane, bool good, int64_t now_ms)
{
        struct lane_counts *counts = &courier->lane_counts[lane_index(courier, lane)];
        int64_t probe_at = lane->breaker.probe_at;

        if (breaker_note(&lane->breaker, good, now_ms)) {
                log_warning("deliver", "%s: %s", provider_name(lane->provider),
                            good ? "works again" : "fails again and again: given a rest of 30 s");
                if (!good)
                        atomic_fetch_add(&counts->opened, 1);
        }
        lane->has_turned = lane->has_turned || lane->breaker.probe_at != probe_at;
        atomic_store(&counts->is_resting, breaker_state(&lane->breaker, now_ms) != BREAKER_CLOSED);
        if (breaker_state(&lane->breaker, now_ms) != BREAKER_CLOSED)
                give_back_queue(courier, lane);
}

static void rest(struct lane *lane, struct transfer *transfer)
{
        transfer_reset(transfer);
        transfer->next = lane->idle;
        lane->idle = transfer;
}

/* Notes the outcome of the message in TRANSFER and puts the handle to rest. */
static void finish(struct courier *courier, struct lane *lane, struct transfer *transfer,
                   const struct message_outcome *outcome, int64_t retry_after)
{
        int64_t now_ms = clock_monotonic_ms(), until, every;
        bool good = outcome->outcome == ATTEMPT_ACCEPTED || outcome->outcome == ATTEMPT_REJECTED;
        struct retry_case attempt =
            make_case(courier, lane->provider, &transfer->message, outcome->outcome, retry_after);
        struct finished finished = {.outcome = *outcome};

        finished.outcome.fate = retry_fate(&attempt);
        every = provider_poll_seconds(lane->provider, &until);
        if (outcome->outcome == ATTEMPT_ACCEPTED && every)
                finished.outcome.fate.poll_at = attempt.now_utc + every;
        else if (outcome->outcome == ATTEMPT_ACCEPTED && !provider_has_receipts(lane->provider))
                finished.outcome.fate.reason = MESSAGE_NO_RECEIPTS; /* more than that nobody will ever know */
        if (outcome->outcome == ATTEMPT_UNKNOWN)
                tell_unknown(&finished.outcome);
        add_finished(courier, &finished);
        atomic_fetch_add(&courier->counts[outcome->outcome], 1);
        atomic_fetch_add(&courier->lane_counts[lane_index(courier, lane)].outcomes[outcome->outcome], 1);
        lane_count(lane, now_ms);
        note_breaker(courier, lane, good, now_ms);
        rest(lane, transfer);
}

static enum attempt_outcome outcome_of(enum provider_standing standing)
{
        if (standing == STANDING_UNCLEAR)
                return ATTEMPT_UNKNOWN;
        return standing == STANDING_MISSING ? ATTEMPT_RETRY : ATTEMPT_ACCEPTED;
}

static const char *words_of(enum provider_standing standing)
{
        if (standing == STANDING_UNCLEAR)
                return "asked: no clear answer";
        return standing == STANDING_MISSING ? "asked: it never came" : "asked: it has it";
}

/* Notes what the provider says of the message in TRANSFER, which it had been asked after. */
static void finish_question(struct courier *courier, struct lane *lane, struct transfer *transfer,
                            const struct provider_told *told)
{
        const struct message *message = &transfer->message;
        struct retry_case attempt =
            make_case(courier, lane->provider, message, outcome_of(told->standing), -1);
        struct finished finished = {
            .is_question = message->attempt == 0,
            .round = message->round,
            .is_told = told->standing >= STANDING_DELIVERED,
            .outcome = {.message = message->id, .attempt = message->attempt, .outcome = attempt.outcome}};

        finished.outcome.is_bad_address = told->is_bad_address;
        finished.receipt = told->standing == STANDING_DELIVERED ? RECEIPT_DELIVERED
                           : told->standing == STANDING_FAILED  ? RECEIPT_FAILED
                                                                : RECEIPT_TEMPORARY;
        snprintf(finished.outcome.provider, sizeof finished.outcome.provider, "%s",
                 provider_name(lane->provider));
        memcpy(finished.outcome.provider_id, told->id, sizeof finished.outcome.provider_id);
        snprintf(finished.outcome.detail, sizeof finished.outcome.detail, "%s",
                 told->detail[0] ? told->detail : words_of(told->standing));
        finished.outcome.fate = retry_fate_of_question(&attempt, told->standing);
        if (!finished.is_question || finished.is_told)
                add_finished(courier, &finished);
        if (told->standing != STANDING_UNCLEAR)
                atomic_fetch_add(&courier->lane_counts[lane_index(courier, lane)].asked, 1);
        note_breaker(courier, lane, told->standing != STANDING_UNCLEAR, clock_monotonic_ms());
        rest(lane, transfer);
}

static void unlink_transfer(struct courier *courier, struct lane *lane, struct transfer *transfer)
{
        struct transfer **at = &lane->under_way;

        while (*at != transfer)
                at = &(*at)->next;
        *at = transfer->next;
        lane->under_way_count--;
        atomic_fetch_sub(&courier->under_way, 1);
        atomic_fetch_sub(&courier->lane_counts[lane_index(courier, lane)].under_way, 1);
        curl_multi_remove_handle(courier->multi, transfer->easy);
}

static struct lane *lane_of(struct courier *courier, const struct provider *provider)
{
        struct lane *lane = courier->lanes;

        while (lane->provider != provider)
                lane++;
        return lane;
}

/* The end of a transfer, by curl or because the gateway stops. */
static void conclude(struct courier *courier, struct transfer *transfer, CURLcode result)
{
        struct lane *lane = lane_of(courier, transfer->provider);
        struct message_outcome outcome;
        struct provider_told told;
        int64_t retry_after;

        if (transfer->is_question) {
                transfer_told(transfer, result, &told);
                unlink_transfer(courier, lane, transfer);
                finish_question(courier, lane, transfer, &told);
        } else {
                transfer_outcome(transfer, result, clock_now_utc(courier->config.clock), &outcome,
                                 &retry_after);
                unlink_transfer(courier, lane, transfer);
                finish(courier, lane, transfer, &outcome, retry_after);
        }
        if (courier->is_blocked && lane_is_low(lane))
                atomic_store(&courier->is_woken, true);
}

static void collect(struct courier *courier)
{
        struct transfer *transfer;
        CURLMsg *message;
        CURLcode result;
        int left;

        while ((message = curl_multi_info_read(courier->multi, &left))) {
                if (message->msg != CURLMSG_DONE)
                        continue;
                result = message->data.result; /* gone once the handle is removed */
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
                conclude(courier, transfer, result);
        }
}

/* ---- sending */

static int take_idle(struct lane *lane, struct transfer **ret_transfer, struct err *err)
{
        if (!lane->idle)
                return transfer_new(ret_transfer, err);
        *ret_transfer = lane->idle;
        lane->idle = lane->idle->next;
        return 0;
}

static void refuse(struct courier *courier, struct lane *lane, struct transfer *transfer,
                   const struct err *err)
{
        struct message_outcome outcome = {.message = transfer->message.id,
                                          .attempt = transfer->message.attempt,
                                          .outcome = ATTEMPT_REJECTED,
                                          .detail = "no request could be made of it"};

        snprintf(outcome.provider, sizeof outcome.provider, "%s", provider_name(lane->provider));
        log_error("deliver", "message %" PRId64 ": %s", outcome.message, err->text);
        finish(courier, lane, transfer, &outcome, -1);
}

static void begin(struct courier *courier, struct lane *lane, struct transfer *transfer)
{
        transfer->next = lane->under_way;
        lane->under_way = transfer;
        lane->under_way_count++;
        atomic_fetch_add(&courier->under_way, 1);
        atomic_fetch_add(&courier->lane_counts[lane_index(courier, lane)].under_way, 1);
}

/* A message that a provider may have is asked after when it cannot be sent again without harm. */
static bool must_ask(struct courier *courier, const struct lane *lane, const struct message *message)
{
        struct retry_case attempt = make_case(courier, lane->provider, message, ATTEMPT_UNKNOWN, -1);

        return message->provider && !attempt.idempotent && attempt.can_ask;
}

/* What grew stale while it waited is given back, and then expires; so is what its reader has had enough of
 * for now, unless it is urgent. */
static bool may_start(struct courier *courier, struct lane *lane, struct message *message)
{
        int64_t now_utc = clock_now_utc(courier->config.clock), wait_ms;

        if (message->deadline <= now_utc) {
                give_back(courier, message);
                return false;
        }
        wait_ms =
            recipient_limit_take(&lane->recipients, message->address, clock_monotonic_ms(), message->urgent);
        if (wait_ms)
                give_back_until(courier, message, now_utc + (wait_ms + 999) / 1000);
        return !wait_ms;
}

static void start_one(struct courier *courier, struct lane *lane, struct message *message)
{
        int timeout_ms = courier->config.timeout_ms ? courier->config.timeout_ms : COURIER_TIMEOUT_MS, r;
        struct transfer *transfer;
        struct err err = {0};

        if (!may_start(courier, lane, message))
                return;
        if (take_idle(lane, &transfer, &err) < 0) {
                give_back_until(courier, message, clock_now_utc(courier->config.clock) + 1);
                return;
        }
        if (must_ask(courier, lane, message))
                r = transfer_ask(transfer, lane->provider, message, courier->uid, timeout_ms, &err);
        else
                r = transfer_start(transfer, lane->provider, message, courier->uid, timeout_ms, &err);
        if (r == 0 && curl_multi_add_handle(courier->multi, transfer->easy) != CURLM_OK)
                r = err_set(&err, ERR_NOMEM, "courier: out of memory");
        if (r == ERR_NOMEM) {
                give_back_until(courier, &transfer->message, clock_now_utc(courier->config.clock) + 1);
                transfer_free(transfer);
        } else if (r < 0) {
                refuse(courier, lane, transfer, &err);
        } else {
                begin(courier, lane, transfer);
        }
}

/* Asks after an accepted message; what fails is asked again at its next time. */
static void start_question(struct courier *courier, struct lane *lane, struct message *message)
{
        int timeout_ms = courier->config.timeout_ms ? courier->config.timeout_ms : COURIER_TIMEOUT_MS;
        struct transfer *transfer;
        struct err err = {0};

        message->attempt = 0;
        if (take_idle(lane, &transfer, &err) < 0) {
                message_fini(message);
        } else if (transfer_ask(transfer, lane->provider, message, courier->uid, timeout_ms, &err) < 0 ||
                   curl_multi_add_handle(courier->multi, transfer->easy) != CURLM_OK) {
                log_error("deliver", "%s: no question could be made: %s", provider_name(lane->provider),
                          err.text);
                rest(lane, transfer);
        } else {
                begin(courier, lane, transfer);
        }
}

static void start_waiting(struct courier *courier)
{
        struct message *message;

        for (int i = 0; i < courier->config.provider_count; i++) {
                while ((message = lane_next(&courier->lanes[i])))
                        start_one(courier, &courier->lanes[i], message);
                while ((message = lane_next_question(&courier->lanes[i])))
                        start_question(courier, &courier->lanes[i], message);
        }
}

/* ---- the writer's job */

static void note_trouble(struct courier *courier, int64_t now_ms)
{
        int64_t wait = courier->trouble_ms * 2;

        wait = wait < TROUBLE_MS ? TROUBLE_MS : wait;
        courier->trouble_ms = wait < CHECK_MS ? wait : CHECK_MS;
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
static void add_prefixes(char all[static LEAVES_MAX_BYTES], const char *more)
{
        size_t length = strlen(all);

        if (!length)
                snprintf(all, LEAVES_MAX_BYTES, "%s", more);
        else
                snprintf(all + length - 1, LEAVES_MAX_BYTES - length + 1, ",%s", more + 1);
}

/* Who may claim what: on each channel the first provider in order that works and takes the number takes what
 * is free; one that is being tried again takes a single message beside it; the others take only what is
 * pinned to them. */
static void plan_channel(struct courier *courier, int channel, int64_t now_ms)
{
        struct courier_job *job = &courier->job;
        bool is_sms = strcmp(channels[channel], "sms") == 0, is_taken = false;
        char taken[LEAVES_MAX_BYTES] = "";

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

/* Milliseconds until time makes room in some lane, at most CHECK_MS. */
static int64_t wait_for_room(struct courier *courier, int64_t now_ms)
{
        int64_t least = CHECK_MS, wait;

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
        courier->check_at_ms = now_ms + CHECK_MS;
        if (courier->own_db)
                db_tend(courier->own_db);
        if (find_next(courier, &err) < 0) {
                log_error("deliver", "%s", err.text);
                note_trouble(courier, now_ms);
                return false;
        }
        next = courier->next_utc;
        asks = plan_questions(courier, now_utc, now_ms);
        if (next > now_utc) {
                if (next - now_utc < CHECK_MS / 1000 + 1)
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
                note_trouble(courier, clock_monotonic_ms());
        }
}

/* Milliseconds for which outcomes wait for others. A commit costs the same for few as for many, and while it
 * lasts nothing new is claimed: so not while others are about to finish and no lane is short of work. */
static int64_t hold_ms(const struct courier *courier, int64_t now_ms)
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

static void submit_when_needed(struct courier *courier)
{
        int64_t now_ms = clock_monotonic_ms();
        bool stopping = atomic_load(&courier->is_stopping), has_work = false;

        if (courier->is_submitted || now_ms < courier->submit_at_ms || hold_ms(courier, now_ms))
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
                give_back_until(courier, &list->items[i], later_utc);
        message_list_fini(list);
}

/* Takes over what the writer has done. */
static void take_done(struct courier *courier)
{
        struct courier_job *job = &courier->job;
        int64_t now_ms = clock_monotonic_ms(), moved;

        if (!courier->is_submitted || !atomic_load(&job->is_done))
                return;
        courier->is_submitted = false;
        courier->job_ms = now_ms - courier->submitted_ms;
        if (job->result < 0) {
                log_error("deliver", "outcomes and claims were not written, trying again: %s", job->err.text);
                note_trouble(courier, now_ms);
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
                courier->quiet_until_ms = now_ms + CHECK_MS;
        }
}

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
        note_trouble(courier, clock_monotonic_ms());
        poll(NULL, 0, (int)courier->trouble_ms);
        return 0;
}

int courier_step(struct courier *courier, int wait_ms, struct err *err)
{
        int64_t hold;
        int running, r;

        submit_when_needed(courier);
        take_done(courier);
        start_waiting(courier);
        r = check_loop(courier, curl_multi_perform(courier->multi, &running), err);
        if (r < 0)
                return r;
        collect(courier);
        start_waiting(
            courier); /* connections that have become free: else the poll would sleep on what waits */
        hold = hold_ms(courier, clock_monotonic_ms());
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
        struct retry_case attempt = make_case(job->courier, provider, message, ATTEMPT_UNKNOWN, -1);
        struct message_outcome outcome = {
            .message = message->id, .detail = "the gateway had stopped", .fate = retry_fate(&attempt)};

        snprintf(outcome.provider, sizeof outcome.provider, "%s", name);
        tell_unknown(&outcome);
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
                        conclude(courier, transfer, CURLE_OPERATION_TIMEDOUT);
                        continue;
                }
                transfer_outcome(transfer, CURLE_OPERATION_TIMEDOUT, clock_now_utc(courier->config.clock),
                                 &outcome, &retry_after);
                unlink_transfer(courier, lane, transfer);
                if (!outcome.status)
                        snprintf(outcome.detail, sizeof outcome.detail,
                                 "the gateway stopped before the answer came");
                finish(courier, lane, transfer, &outcome, retry_after);
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
                        give_back_queue(courier, &courier->lanes[i]);
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
                give_back_queue(courier, &courier->lanes[i]);
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
                if (courier_step(courier, CHECK_MS, &err) < 0) {
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
