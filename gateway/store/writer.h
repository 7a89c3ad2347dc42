/* writer: the one thread that writes. Other threads hand it jobs; it runs what is waiting in one transaction
 * (a job that fails is rolled back alone) and answers each after the commit is on disk: group commit.
 *
 * At most WRITER_QUEUE_MAX jobs wait; writer_submit then returns ERR_BUSY and the caller answers "try again
 * later" or waits. In simulation and tests the same jobs run at once with writer_run_inline. */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "base/clock.h"
#include "base/err.h"

struct db;
struct writer;

#define WRITER_QUEUE_MAX 4096
#define WRITER_BATCH_MAX 512 /* jobs in one transaction */

/* A job is part of its owner's struct and lives until `done` has been called. */
struct writer_job {
        /* In the writer's thread, inside the transaction. NOW is the clock's, read once for the batch. A
         * negative return rolls the job's writes back, and goes with ERR to `done`. */
        int (*run)(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err);
        /* In the writer's thread after the commit (result as run returned) or its failure (negative). Must
         * not block; may free the job. */
        void (*done)(struct writer_job *job, int result, const struct err *err);
        struct writer_job *next; /* the writer's */
};

int writer_open(const char *path, const struct clock *clock, struct writer **ret_writer, struct err *err);
/* Runs what waits, stops the thread, closes; takes NULL, returns NULL. */
struct writer *writer_close(struct writer *writer);

int writer_submit(struct writer *writer, struct writer_job *job);

/* Submits and waits for the commit; for threads that may block, and for job structs on their stack (done is
 * not called). */
int writer_run(struct writer *writer, struct writer_job *job, struct err *err);

/* Runs one job in a transaction of its own on DB, in this thread; calls done when it is set. */
int writer_run_inline(struct db *db, int64_t now_utc, struct writer_job *job, struct err *err);

/* How many commits there were; it has grown before anybody hears that a job is done. From any thread. */
uint64_t writer_commits(const struct writer *writer);

/* Called in the writer's thread after each commit, so that loops wake. At most 8. WAKE must not block nor
 * call these two. */
#define WRITER_LISTENER_MAX 12
int writer_on_commit(struct writer *writer, void (*wake)(void *context), void *context);
/* Not called with CONTEXT again once this has returned: before whoever listens is freed. */
void writer_off_commit(struct writer *writer, const void *context);

/* Jobs waiting and running now. */
int writer_pending(struct writer *writer);

#endif
