/* select: a rule's own SELECT, kept in its sandbox and run for one subject at a time.
 *
 * A rule reads the fact views (every view of the schema) and nothing else. It is checked first against an
 * empty database that has tables named and shaped like the views, under an authorizer: so no CTE of a view's
 * name, no schema prefix, no PRAGMA, function or table can lead it elsewhere. What runs then is
 *
 *      WITH absence AS (SELECT * FROM main.absence WHERE pupil = :subject), …  SELECT * FROM (RULE)
 *
 * with one such line for each view that it reads: each view is cut down to the subject before the rule's
 * joins and groups see it, whatever their shape. A view is scoped by its column of the subject's kind, or by
 * its columns `kind` and `subject`; `day` and `school_day` alone may be read whole, since they are only ever
 * joined by their keys.
 *
 * Parameters are named (:grace). Every run is bounded in rows and steps. */
#ifndef STORE_SELECT_H
#define STORE_SELECT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct select;
struct select_sandbox;

/* What a select reads, and what a change touches: bits. */
#define FACTS_ATTENDANCE 1u /* marks, and what follows from them */
#define FACTS_TOLD 2u       /* what the engine and the courier write: matches, notices, messages, cases */
#define FACTS_OTHER 4u
#define FACTS_ALL 7u

#define SELECT_TEXT_MAX 32768  /* bytes of a rule's SQL */
#define SELECT_ROW_MAX 5000    /* rows of one run: more is ERR_LIMIT */
#define SELECT_STEP_MAX 2000   /* thousands of SQLite's virtual machine steps in one run */
#define SELECT_BYTES_MAX 65536 /* of one value that a run puts together */
#define SELECT_COLUMN_MAX 64

/* The empty database; made from the views of DB once and used to check any number of rules. */
int select_sandbox_open(struct db *db, struct select_sandbox **ret_sandbox, struct err *err);
struct select_sandbox *select_sandbox_close(struct select_sandbox *sandbox);

/* Checks SQL for a rule about subjects of KIND ("pupil", "placement", …) and makes it ready for any
 * connection; free with select_free. ERR_INVALID with "line N: …" counted within the SQL. NAME stands in
 * errors of runs. */
int select_new(struct select_sandbox *sandbox, const char *name, const char *kind, const char *sql,
               struct select **ret_select, struct err *err);
struct select *select_free(struct select *select);

int select_column_count(const struct select *select);
const char *select_column(const struct select *select, int column);
int select_find_column(const struct select *select, const char *name); /* -1: there is none */
int select_parameter_count(const struct select *select);
const char *select_parameter(const struct select *select, int parameter); /* without the colon */
/* The views that it reads, each once. */
int select_view_count(const struct select *select);
const char *select_view(const struct select *select, int view);

/* FACTS_… bits of the tables behind its views. */
unsigned select_reads(const struct select *select);

/* Tells each table that the select on DB would read from end to end for one subject: what a rule must not do,
 * since tables grow. Reading what the rule itself has put together is none. */
int select_check_plan(const struct select *select, struct db *db,
                      void (*tell)(void *context, const char *table), void *context, struct err *err);

/* A run on DB. Each select keeps one prepared statement for the connection it ran on last.
 *
 *      select_start(&run, select, db, err);
 *      for each parameter: select_bind_…(&run, parameter, …)     texts must live until select_end
 *      while ((r = select_row(&run)) > 0) …
 *      select_end(&run);
 *
 * Failures stick as in store/db.h. */
enum select_type { SELECT_NULL, SELECT_INTEGER, SELECT_REAL, SELECT_TEXT };

struct select_run {
        struct select *select;
        struct db *db;
        struct err *err;
        int error, rows, thousand_steps;
};

void select_start(struct select_run *run, struct select *select, struct db *db, struct err *err);
void select_bind_subject(struct select_run *run, const char *subject); /* what the views are cut down to */
void select_bind_text(struct select_run *run, int parameter, const char *text);
void select_bind_int(struct select_run *run, int parameter, int64_t value);
int select_row(struct select_run *run);
void select_end(struct select_run *run);

enum select_type select_type(struct select_run *run, int column);
int64_t select_int(struct select_run *run, int column);
double select_real(struct select_run *run, int column);
const char *select_text(struct select_run *run, int column);

#endif
