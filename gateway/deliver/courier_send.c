/* What leaves the courier, and how it ended. */
#include "base/log.h"
#include "deliver/courier_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- outcomes */

static void add_finished(struct courier *courier, const struct finished *finished)
{
        if (!courier->finished_count)
                courier->finished_ms = clock_monotonic_ms();
        courier->finished[courier->finished_count++] = *finished;
}

void courier_give_back_until(struct courier *courier, struct message *message, int64_t not_before)
{
        struct finished finished = {
            .is_given_back = true,
            .outcome = {.message = message->id, .attempt = message->attempt, .fate.not_before = not_before}};

        add_finished(courier, &finished);
        message_fini(message);
}

static void give_back(struct courier *courier, struct message *message)
{
        courier_give_back_until(courier, message, 0);
}

void courier_give_back_queue(struct courier *courier, struct lane *lane)
{
        struct message *message;

        while ((message = lane_drop(lane)))
                give_back(courier, message);
}

void courier_tell_unknown(const struct message_outcome *outcome)
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

struct retry_case courier_retry_case(struct courier *courier, const struct provider *provider,
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
                courier_give_back_queue(courier, lane);
}

static void rest(struct lane *lane, struct transfer *transfer)
{
        transfer_reset(transfer);
        transfer->next = lane->idle;
        lane->idle = transfer;
}

void courier_finish_transfer(struct courier *courier, struct lane *lane, struct transfer *transfer,
                             const struct message_outcome *outcome, int64_t retry_after)
{
        int64_t now_ms = clock_monotonic_ms(), until, every;
        bool good = outcome->outcome == ATTEMPT_ACCEPTED || outcome->outcome == ATTEMPT_REJECTED;
        struct retry_case attempt =
            courier_retry_case(courier, lane->provider, &transfer->message, outcome->outcome, retry_after);
        struct finished finished = {.outcome = *outcome};

        finished.outcome.fate = retry_fate(&attempt);
        every = provider_poll_seconds(lane->provider, &until);
        if (outcome->outcome == ATTEMPT_ACCEPTED && every)
                finished.outcome.fate.poll_at = attempt.now_utc + every;
        else if (outcome->outcome == ATTEMPT_ACCEPTED && !provider_has_receipts(lane->provider))
                finished.outcome.fate.reason = MESSAGE_NO_RECEIPTS; /* more than that nobody will ever know */
        if (outcome->outcome == ATTEMPT_UNKNOWN)
                courier_tell_unknown(&finished.outcome);
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
            courier_retry_case(courier, lane->provider, message, outcome_of(told->standing), -1);
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

void courier_unlink_transfer(struct courier *courier, struct lane *lane, struct transfer *transfer)
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

void courier_conclude(struct courier *courier, struct transfer *transfer, CURLcode result)
{
        struct lane *lane = lane_of(courier, transfer->provider);
        struct message_outcome outcome;
        struct provider_told told;
        int64_t retry_after;

        if (transfer->is_question) {
                transfer_told(transfer, result, &told);
                courier_unlink_transfer(courier, lane, transfer);
                finish_question(courier, lane, transfer, &told);
        } else {
                transfer_outcome(transfer, result, clock_now_utc(courier->config.clock), &outcome,
                                 &retry_after);
                courier_unlink_transfer(courier, lane, transfer);
                courier_finish_transfer(courier, lane, transfer, &outcome, retry_after);
        }
        if (courier->is_blocked && lane_is_low(lane))
                atomic_store(&courier->is_woken, true);
}

void courier_collect(struct courier *courier)
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
                courier_conclude(courier, transfer, result);
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
        courier_finish_transfer(courier, lane, transfer, &outcome, -1);
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
        struct retry_case attempt = courier_retry_case(courier, lane->provider, message, ATTEMPT_UNKNOWN, -1);

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
                courier_give_back_until(courier, message, now_utc + (wait_ms + 999) / 1000);
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
                courier_give_back_until(courier, message, clock_now_utc(courier->config.clock) + 1);
                return;
        }
        if (must_ask(courier, lane, message))
                r = transfer_ask(transfer, lane->provider, message, courier->uid, timeout_ms, &err);
        else
                r = transfer_start(transfer, lane->provider, message, courier->uid, timeout_ms, &err);
        if (r == 0 && curl_multi_add_handle(courier->multi, transfer->easy) != CURLM_OK)
                r = err_set(&err, ERR_NOMEM, "courier: out of memory");
        if (r == ERR_NOMEM) {
                courier_give_back_until(courier, &transfer->message,
                                        clock_now_utc(courier->config.clock) + 1);
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

void courier_start_waiting(struct courier *courier)
{
        struct message *message;

        for (int i = 0; i < courier->config.provider_count; i++) {
                while ((message = lane_next(&courier->lanes[i])))
                        start_one(courier, &courier->lanes[i], message);
                while ((message = lane_next_question(&courier->lanes[i])))
                        start_question(courier, &courier->lanes[i], message);
        }
}
