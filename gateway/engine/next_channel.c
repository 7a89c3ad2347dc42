/* A message that did not arrive and never will: its notices are told by the next channel of their rule, at
 * once. */
#include "base/log.h"
#include "engine/tell.h"
#include "store/db.h"
#include "store/notice_again.h"

#include <stdio.h>
#include <string.h>

#define UNDELIVERABLE "undeliverable" /* why somebody was not told: no channel is left */

static int settle(struct firing *firing, const struct notice_again *notice, enum told_again told,
                  struct err *err)
{
        int r;

        if (told != AGAIN_NOBODY)
                return 0;
        r = notice_give_up(firing->db, notice->id, err);
        return r < 0 ? r : firing_suppression(firing, notice->person, UNDELIVERABLE, err);
}

static int tell_firing(struct firing *firing, const struct notice_again *notice, struct err *err)
{
        enum told_again told;
        struct telling telling;
        int r = firing_begin(firing, err);

        if (r == 0)
                r = firing_joined_case(firing, err);
        if (r == 0)
                r = tell_open(&telling, firing, err);
        if (r < 0)
                return r;
        r = tell_again(&telling, notice, &told, err);
        tell_close(&telling);
        return r < 0 ? r : settle(firing, notice, told, err);
}

static int tell_notice(struct firing *firing, const struct notice_again *notice, struct err *err)
{
        struct parameter_values values;
        struct subject subject;
        struct row row;
        int r;

        firing->rule = rulebook_find(firing->engine->book, notice->rule);
        if (!firing->rule)
                return 0; /* what is no rule any more is told by nobody */
        snprintf(subject.kind, sizeof subject.kind, "%s", notice->kind);
        snprintf(subject.id, sizeof subject.id, "%s", notice->subject);
        r = row_of_facts(notice->key, notice->facts, &row, err);
        if (r < 0)
                return r;
        row.expires = notice->expires;
        firing->subject = &subject;
        firing->row = &row;
        firing->match = notice->match;
        r = subject_parameters(firing->engine, firing->db, firing->rule, &subject, firing->now, &values,
                               &firing->parameters, err);
        if (r == 0)
                r = tell_firing(firing, notice, err);
        place_fini(&firing->place);
        row_fini(&row);
        return r;
}

/* One that cannot be told costs itself alone, and is given up. */
static int tell_alone(struct firing *firing, const struct notice_again *notice, struct err *err)
{
        struct err failure = {0};
        int r = db_savepoint(firing->db, err);

        if (r < 0)
                return r;
        r = tell_notice(firing, notice, &failure);
        if (r == 0)
                return db_savepoint_release(firing->db, err);
        db_savepoint_rollback(firing->db);
        if (r != ERR_INVALID && r != ERR_LIMIT && r != ERR_NOT_FOUND && r != ERR_CONFLICT) {
                if (err)
                        *err = failure;
                return r;
        }
        log_error("engine", "rule %s: the next channel failed: %s", notice->rule, failure.text);
        return notice_give_up(firing->db, notice->id, err);
}

static int tell_message(struct engine *engine, struct db *db, int64_t message, int64_t now, struct err *err)
{
        struct notice_again notice;
        int64_t after = 0;
        int r;

        while ((r = notice_again_next(db, message, after, now, &notice, err)) > 0) {
                struct firing firing = {.engine = engine, .db = db, .now = now};

                after = notice.id;
                r = notice.is_over ? 0 : tell_alone(&firing, &notice, err);
                notice_again_fini(&notice);
                if (r < 0)
                        break;
        }
        return r;
}

int next_channels(struct engine *engine, struct db *db, int64_t now_utc, int max, int *ret_done,
                  struct err *err)
{
        int64_t message;
        int done = 0, r = 0;

        while (done < max && (r = notice_again_take(db, now_utc, &message, err)) > 0) {
                done++;
                r = tell_message(engine, db, message, now_utc, err);
                if (r < 0)
                        return r;
        }
        if (r >= 0)
                *ret_done = done;
        return r < 0 ? r : 0;
}
