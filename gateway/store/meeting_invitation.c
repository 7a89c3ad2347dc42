#include "store/meeting_invitation.h"
#include "store/db.h"

#include <string.h>

void meeting_invitation_fini(struct meeting_invitation *invitation)
{
        free(invitation->code);
        free(invitation->organisation);
        free(invitation->zone);
        free(invitation->languages);
        free(invitation->title);
        free(invitation->place);
        free(invitation->link);
        free(invitation->repeats);
        free(invitation->language);
        *invitation = (struct meeting_invitation){0};
}

/* NULL stays NULL; false when out of memory. */
static bool copy(struct query *q, int column, char **to)
{
        const char *text = column_text(q, column);

        *to = text ? strdup(text) : NULL;
        return !text || *to;
}

/* A curator is told of a case and never of a pupil, so not what somebody called a talk about one either. */
#define IS_CURATOR                                                                                   \
        "(EXISTS (SELECT 1 FROM role r WHERE r.person = ?2 AND r.role = 'curator' AND r.last_day IS" \
        " NULL) AND NOT EXISTS (SELECT 1 FROM role r WHERE r.person = ?2 AND r.last_day IS NULL"     \
        "                          AND r.role NOT IN ('curator', 'pupil', 'supervisor')))"

int meeting_invitation_read(struct db *db, const char *meeting, const char *person,
                            struct meeting_invitation *ret, struct err *err)
{
        struct meeting_invitation row = {0};
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.kind, o.name, c.timezone, c.languages,"
            "       CASE WHEN m.pupil IS NULL OR NOT " IS_CURATOR " THEN m.title END, m.place, m.link,"
            "       m.repeats, x.language, m.starts, m.ends,"
            "       max(m.changed, (SELECT max(d.changed) FROM meeting_day d WHERE d.meeting = m.id)),"
            "       m.sequence + (SELECT sum(d.sequence) FROM meeting_day d WHERE d.meeting = m.id),"
            "       m.state = 'cancelled' OR NOT EXISTS (SELECT 1 FROM meeting_participant p"
            "                                             WHERE p.meeting = m.id AND p.person = ?2),"
            "       x.protected = 1 OR EXISTS (SELECT 1 FROM person u WHERE u.id = m.pupil AND u.protected = "
            "1)"
            "  FROM meeting m JOIN organisation o ON o.id = m.organisation"
            "  JOIN organisation_calendar c ON c.organisation = m.organisation"
            "  JOIN person x ON x.id = ?2 WHERE m.id = ?1",
            err);
        query_text(&q, meeting);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0) {
                row.starts = column_int(&q, 9);
                row.ends = column_int(&q, 10);
                row.changed = column_int_or(&q, 11, row.starts);
                row.sequence = (int)column_int_or(&q, 12, 0);
                row.is_cancelled = column_int(&q, 13);
                row.is_protected = column_int(&q, 14);
                if (!copy(&q, 0, &row.code) || !copy(&q, 1, &row.organisation) || !copy(&q, 2, &row.zone) ||
                    !copy(&q, 3, &row.languages) || !copy(&q, 4, &row.title) || !copy(&q, 5, &row.place) ||
                    !copy(&q, 6, &row.link) || !copy(&q, 7, &row.repeats) || !copy(&q, 8, &row.language))
                        r = err_set(err, ERR_NOMEM, "meeting: out of memory");
        }
        query_end(&q);
        if (r <= 0) {
                meeting_invitation_fini(&row);
                return r < 0 ? r : ERR_NOT_FOUND;
        }
        *ret = row;
        return 0;
}

int meeting_exceptions(struct db *db, const char *meeting,
                       int (*each)(void *context, const struct meeting_exception *exception), void *context,
                       struct err *err)
{
        struct meeting_exception exception;
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT original_day, starts, ends, state = 'cancelled' FROM meeting_day"
                    " WHERE meeting = ? AND original_day <> '' AND by_hand = 1 ORDER BY original_day",
                    err);
        query_text(&q, meeting);
        while ((r = query_row(&q)) > 0) {
                exception = (struct meeting_exception){column_text(&q, 0), column_int(&q, 1),
                                                       column_int(&q, 2), column_int(&q, 3)};
                r = each(context, &exception);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int meeting_by_feed(struct db *db, const char *person, int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT 1 FROM feed WHERE owner = ?1 AND kind = 'person' AND revoked IS NULL AND last_fetch >= ?2"
            "   AND NOT EXISTS (SELECT 1 FROM person_choice"
            "                    WHERE person = ?1 AND choice = 'meetings-invitation') LIMIT 1",
            err);
        query_text(&q, person);
        query_int(&q, now_utc - MEETING_INVITATION_FEED_DAYS * 86400);
        r = query_row(&q);
        query_end(&q);
        return r;
}

int message_set_calendar(struct db *db, int64_t message, const char *calendar, struct err *err)
{
        struct query q;

        query_start(&q, db, "UPDATE message SET calendar = ? WHERE id = ?", err);
        query_text(&q, calendar);
        query_int(&q, message);
        return query_run(&q);
}
