#include "deliver/courier_job.h"

#include <assert.h>

static int write_finished(struct courier_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        int r = 0;

        for (size_t i = 0; i < job->finished_count && r == 0; i++) {
                const struct finished *finished = &job->finished[i];

                if (finished->is_given_back)
                        r = message_give_back(db, now_utc, finished->outcome.message,
                                              finished->outcome.attempt, err);
                else
                        r = message_outcome(db, now_utc, &finished->outcome, err);
        }
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
                r = message_expire(db, now_utc, NULL, &job->expired, err);
        return r < 0 ? r : claim(job, db, now_utc, err);
}

static void done(struct writer_job *writer_job, int result, const struct err *err)
{
        struct courier_job *job = (struct courier_job *)writer_job;

        job->result = result;
        job->err = *err;
        if (result < 0) /* not on disk: nothing may be sent of it */
                for (int i = 0; i < PROVIDER_MAX; i++)
                        message_list_fini(&job->claimed[i]);
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
        for (int i = 0; i < PROVIDER_MAX; i++)
                message_list_fini(&job->claimed[i]);
}

void courier_job_add(struct courier_job *job, const struct finished *finished)
{
        assert(job->finished_count < job->finished_room);
        job->finished[job->finished_count++] = *finished;
}
