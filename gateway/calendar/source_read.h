/* source_read: fetches calendars of others, conditionally, and writes what they say. */
#ifndef CALENDAR_SOURCE_READ_H
#define CALENDAR_SOURCE_READ_H

#include "base/clock.h"
#include "base/err.h"
#include "store/calendar_source.h"

struct db;
struct writer;

#define SOURCE_TIMEOUT_S 30
#define SOURCE_REDIRECTS_MAX 3

/* Fetches SOURCE, whatever is due, and writes entries and state in one transaction of WRITE, which runs JOB
 * as writer_run does. What is wrong with the other side is its state, not an error. */
struct source_write {
        int (*run)(void *context,
                   int (*job)(void *job_context, struct db *db, int64_t now_utc, struct err *err),
                   void *job_context, struct err *err);
        void *context;
};
int source_read(const struct calendar_source *source, int64_t now_utc, const struct source_write *write,
                struct err *err);

/* The thread that reads what is due, of DATABASE through WRITER, until it is closed. Looks once a minute, and
 * at once when it is opened. */
struct source_loop;
int source_loop_open(const char *database, struct writer *writer, const struct clock *clock,
                     struct source_loop **ret_loop, struct err *err);
struct source_loop *source_loop_close(struct source_loop *loop); /* takes NULL, returns NULL */

#endif
