#include "store/provider_state.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

int provider_state_note(struct db *db, const char *provider, bool is_open, int64_t probe_at, int64_t now_utc,
                        struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO provider_state(provider, state, since, probe_at) VALUES (?1, ?2, ?3, ?4)"
                    " ON CONFLICT DO UPDATE SET since = CASE WHEN state = excluded.state THEN since"
                    "                                       ELSE excluded.since END,"
                    "   state = excluded.state, probe_at = excluded.probe_at",
                    err);
        query_text(&q, provider);
        query_text(&q, is_open ? "open" : "closed");
        query_int(&q, now_utc);
        query_int_or_null(&q, is_open ? probe_at : 0, 0);
        return query_run(&q);
}

int provider_state_begin(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE provider_state SET state = 'closed', since = ?, probe_at = NULL"
                    " WHERE state <> 'closed'",
                    err);
        query_int(&q, now_utc);
        return query_run(&q);
}

static int read_breaker(struct db *db, const char *provider, struct provider_state *state, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT state = 'open', since, coalesce(probe_at, 0) FROM provider_state WHERE provider = ?",
            err);
        query_text(&q, provider);
        r = query_row(&q);
        if (r > 0) {
                state->is_open = column_int(&q, 0);
                state->since = column_int(&q, 1);
                state->probe_at = column_int(&q, 2);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

static int read_accepted(struct db *db, const char *provider, struct provider_state *state, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT max(ended) FROM attempt WHERE message > (SELECT max(id) FROM message) - ?1"
                    "   AND provider = ?2 AND outcome = 'accepted'",
                    err);
        query_int(&q, PROVIDER_STATE_BACK);
        query_text(&q, provider);
        r = query_row(&q);
        if (r > 0)
                state->accepted = column_int_or(&q, 0, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

static int read_failed(struct db *db, const char *provider, struct provider_state *state, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT ended, coalesce(status, 0), coalesce(detail, '') FROM attempt"
                    " WHERE message > (SELECT max(id) FROM message) - ?1"
                    "   AND provider = ?2 AND ended IS NOT NULL AND outcome <> 'accepted'"
                    " ORDER BY ended DESC, message DESC LIMIT 1",
                    err);
        query_int(&q, PROVIDER_STATE_BACK);
        query_text(&q, provider);
        r = query_row(&q);
        if (r > 0) {
                state->failed = column_int(&q, 0);
                state->status = (int)column_int(&q, 1);
                snprintf(state->detail, sizeof state->detail, "%s", column_text(&q, 2));
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int provider_state_get(struct db *db, const char *provider, struct provider_state *ret_state, struct err *err)
{
        struct provider_state state = {0};
        int r = read_breaker(db, provider, &state, err);

        if (r == 0)
                r = read_accepted(db, provider, &state, err);
        if (r == 0)
                r = read_failed(db, provider, &state, err);
        if (r == 0)
                *ret_state = state;
        return r;
}
