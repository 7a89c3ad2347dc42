#include "deliver/courier_job.h"
#include "store/contact.h"
#include "store/message_batch.h"
#include "store/provider_state.h"

#include <assert.h>
#include <stdlib.h>

static int note_receipt(struct db *db, int64_t now_utc, const struct finished *finished, struct err *err)
{
        const struct message_outcome *outcome = &finished->outcome;
        struct receipt receipt = {.message = outcome->message,
                                  .round = finished->round,
                                  .provider = outcome->provider,
                                  .status = finished->receipt,
                                  .is_bad_address = outcome->is_bad_address,
                                  .detail = outcome->detail[0] ? outcome->detail : NULL,
                                  .at = RECEIPT_NO_TIME};
        int r = receipt_note(db, now_utc, &receipt, err);

        return r == ERR_NOT_FOUND || r > 0 ? 0 : r;
}

static bool has_outcome(const struct finished *finished)
{
        return !finished->is_given_back && !finished->is_question;
}

/* The outcomes of all, those that say the same together. */
static int write_outcomes(struct courier_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        _cleanup_(free_ptr) const struct message_outcome **outcomes = NULL;
        size_t count = 0;

        if (!job->finished_count)
                return 0;
        outcomes = calloc(job->finished_count, sizeof *outcomes);
        if (!outcomes)
                return err_set(err, ERR_NOMEM, "courier: out of memory");
        for (size_t i = 0; i < job->finished_count; i++)
                if (has_outcome(&job->finished[i]))
                        outcomes[count++] = &job->finished[i].outcome;
        return message_outcomes(db, now_utc, outcomes, count, err);
}

/* The next message to them goes another way, and staff are told (rule contact-bad). */
static int note_bad_address(struct db *db, int64_t now_utc, const struct message_outcome *outcome,
                            struct err *err)
{
        int r = contact_mark_message(db, outcome->message, "unknown-address", now_utc, err);

        return r < 0 ? r : 0;
}

static int write_rest(struct db *db, int64_t now_utc, const struct finished *finished, struct err *err)
{
        const struct message_outcome *outcome = &finished->outcome;

        if (finished->is_given_back)
                return message_give_back(db, now_utc, outcome->message, outcome->attempt,
                                         outcome->fate.not_before, err);
        if (finished->is_told)
                return note_receipt(db, now_utc, finished, err);
        return outcome->is_bad_address ? note_bad_address(db, now_utc, outcome, err) : 0;
}

static int write_finished(struct courier_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        int r = write_outcomes(job, db, now_utc, err);

        for (size_t i = 0; i < job->finished_count && r == 0; i++)
                r = write_rest(db, now_utc, &job->finished[i], err);
        return r;
}

static int note_turns(struct courier_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        int r = 0;

        for (int i = 0; i < PROVIDER_MAX && r == 0; i++)
                if (job->turns[i].provider)
                        r = provider_state_note(db, job->turns[i].provider, job->turns[i].is_open,
                                                now_utc + job->turns[i].probe_s, now_utc, err);
        return r;
}

static int ask(struct courier_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        int r = 0;

        for (int i = 0; i < PROVIDER_MAX && r == 0; i++)
                if (job->questions[i].provider)
                        r = message_poll(db, now_utc, job->questions[i].provider,
                                         now_utc + job->questions[i].every, now_utc - job->questions[i].until,
                                         PROVIDER_POLL_MAX, &job->asked[i], err);
        return r;
}

static int claim(struct courier_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        int r = 0;

        for (int i = 0; i < job->claim_count && r == 0; i++) {
                int provider = job->claims[i].provider;
                struct message_list *list = &job->claimed[provider];
                size_t before = list->count;

                if (job->budget[provider] <= 0)
                        continue;
                r = message_claim(db, now_utc, &job->claims[i].lane, job->budget[provider], list, err);
                job->budget[provider] -= (int)(list->count - before);
        }
        return r;
}

static int run(struct writer_job *writer_job, struct db *db, int64_t now_utc, struct err *err)
{
        struct courier_job *job = (struct courier_job *)writer_job;
        int r = write_finished(job, db, now_utc, err);

        if (r == 0)
                r = note_turns(job, db, now_utc, err);
        if (r == 0)
                r = message_expire(db, now_utc, NULL, &job->expired, err);
        if (r == 0)
                r = claim(job, db, now_utc, err);
        return r < 0 ? r : ask(job, db, now_utc, err);
}

static void done(struct writer_job *writer_job, int result, const struct err *err)
{
        struct courier_job *job = (struct courier_job *)writer_job;

        job->result = result;
        job->err = *err;
        if (result < 0) /* not on disk: nothing may be sent of it */
                for (int i = 0; i < PROVIDER_MAX; i++) {
                        message_list_fini(&job->claimed[i]);
                        message_list_fini(&job->asked[i]);
                }
        atomic_store(&job->is_done, true);
        job->wake(job->context);
}

int courier_job_init(struct courier_job *job, size_t finished_room, struct err *err)
{
        *job = (struct courier_job){.job = {.run = run, .done = done}, .finished_room = finished_room};
        job->finished = calloc(finished_room, sizeof *job->finished);
        return job->finished ? 0 : err_set(err, ERR_NOMEM, "courier: out of memory");
}

void courier_job_fini(struct courier_job *job)
{
        free(job->finished);
        for (int i = 0; i < PROVIDER_MAX; i++) {
                message_list_fini(&job->claimed[i]);
                message_list_fini(&job->asked[i]);
        }
}

void courier_job_add(struct courier_job *job, const struct finished *finished)
{
        assert(job->finished_count < job->finished_room);
        job->finished[job->finished_count++] = *finished;
}
