#include "store/meeting.h"

#include <stdio.h>
#include <string.h>

int meeting_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation FROM meeting WHERE id = ?", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_organisation, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int meeting_hours(struct db *db, const char *id, int64_t *ret_starts, int64_t *ret_ends, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT starts, ends FROM meeting WHERE id = ?", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                *ret_starts = column_int(&q, 0);
                *ret_ends = column_int(&q, 1);
        }
        query_end(&q);
        return r;
}

static void bind(struct query *q, const struct meeting *row, int64_t now_utc)
{
        query_text(q, row->id);
        query_text(q, row->kind);
        query_text(q, row->organisation);
        query_text(q, row->title);
        query_int_or_null(q, row->starts, 0);
        query_int_or_null(q, row->ends, 0);
        query_text(q, row->place);
        query_text(q, row->link);
        query_text(q, row->chair);
        query_text(q, row->pupil);
        query_text(q, row->audience);
        query_text(q, row->repeats);
        query_int(q, now_utc);
        query_int_or_null(q, row->event, 0);
        query_text(q, row->committee);
        query_text(q, row->project);
}

static int update(struct db *db, int64_t now_utc, const struct meeting *row, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "UPDATE meeting SET kind = coalesce(?2, kind), organisation = coalesce(?3, organisation),"
            "   title = coalesce(?4, title), starts = coalesce(?5, starts), ends = coalesce(?6, ends),"
            "   place = coalesce(?7, place), link = coalesce(?8, link), chair = coalesce(?9, chair),"
            "   pupil = coalesce(?10, pupil), audience = coalesce(?11, audience),"
            "   repeats = coalesce(?12, repeats), state = 'planned', sequence = sequence + 1, changed = ?13,"
            "   dated = CASE WHEN starts = coalesce(?5, starts) AND ends = coalesce(?6, ends)"
            "                 AND place IS coalesce(?7, place) AND link IS coalesce(?8, link)"
            "                 AND state = 'planned' THEN dated ELSE ?13 END,"
            "   event = ?14, committee = coalesce(?15, committee), project = coalesce(?16, project)"
            " WHERE id = ?1 AND (kind <> coalesce(?2, kind) OR organisation <> coalesce(?3, organisation)"
            "    OR title IS NOT coalesce(?4, title) OR starts <> coalesce(?5, starts)"
            "    OR ends <> coalesce(?6, ends) OR place IS NOT coalesce(?7, place)"
            "    OR link IS NOT coalesce(?8, link) OR chair IS NOT coalesce(?9, chair)"
            "    OR pupil IS NOT coalesce(?10, pupil) OR audience IS NOT coalesce(?11, audience)"
            "    OR repeats IS NOT coalesce(?12, repeats) OR committee IS NOT coalesce(?15, committee)"
            "    OR project IS NOT coalesce(?16, project) OR state <> 'planned')",
            err);
        bind(&q, row, now_utc);
        return query_run(&q);
}

int meeting_put(struct db *db, int64_t now_utc, const struct meeting *row, struct err *err)
{
        char organisation[ID_SIZE];
        struct query q;
        int r;

        r = meeting_exists(db, row->id, organisation, err);
        if (r != 0)
                return r < 0 ? r : update(db, now_utc, row, err);
        query_start(
            &q, db,
            "INSERT INTO meeting(id, kind, organisation, title, starts, ends, place, link, chair, "
            "pupil, audience,"
            "                    repeats, planned, dated, changed, event, committee, project)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?13, ?14, ?15, ?16)",
            err);
        bind(&q, row, now_utc);
        return query_run(&q);
}

static bool is_in(const char *const *people, size_t count, const char *person)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(people[i], person) == 0)
                        return true;
        return false;
}

/* Takes out one participant who is not in the list: 1; 0 when there is none. */
static int drop_one(struct db *db, const char *meeting, const char *const *people, size_t count,
                    struct err *err)
{
        char person[ID_SIZE];
        bool found = false;
        struct query q;
        int r = 0;

        query_start(&q, db, "SELECT person FROM meeting_participant WHERE meeting = ?", err);
        query_text(&q, meeting);
        while (!found && (r = query_row(&q)) > 0)
                if (!is_in(people, count, column_text(&q, 0))) {
                        snprintf(person, sizeof person, "%s", column_text(&q, 0));
                        found = true;
                }
        query_end(&q);
        if (!found)
                return r;
        query_start(&q, db, "DELETE FROM meeting_participant WHERE meeting = ? AND person = ?", err);
        query_text(&q, meeting);
        query_text(&q, person);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

int meeting_put_participants(struct db *db, int64_t now_utc, const char *meeting, const char *const *people,
                             size_t count, struct err *err)
{
        struct query q;
        int r;

        while ((r = drop_one(db, meeting, people, count, err)) > 0)
                ;
        for (size_t i = 0; i < count && r == 0; i++) {
                query_start(&q, db,
                            "INSERT INTO meeting_participant(meeting, person, invited) VALUES (?, ?, ?)"
                            " ON CONFLICT DO NOTHING",
                            err);
                query_text(&q, meeting);
                query_text(&q, people[i]);
                query_int(&q, now_utc);
                r = query_run(&q);
        }
        return r;
}

int meeting_put_agenda(struct db *db, const char *meeting, const char *const *titles, size_t count,
                       struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM meeting_item WHERE meeting = ?", err);
        query_text(&q, meeting);
        r = query_run(&q);
        for (size_t i = 0; i < count && r == 0; i++) {
                query_start(&q, db, "INSERT INTO meeting_item(meeting, position, title) VALUES (?, ?, ?)",
                            err);
                query_text(&q, meeting);
                query_int(&q, (int64_t)i + 1);
                query_text(&q, titles[i]);
                r = query_run(&q);
        }
        return r;
}

int meeting_read(struct db *db, const char *id, struct meeting_facts *ret_facts, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT kind, coalesce(repeats, ''), state = 'cancelled', audience IS NOT NULL FROM meeting"
            " WHERE id = ?",
            err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_facts->kind, sizeof ret_facts->kind, "%s", column_text(&q, 0));
                snprintf(ret_facts->repeats, sizeof ret_facts->repeats, "%s", column_text(&q, 1));
                ret_facts->is_cancelled = column_int(&q, 2);
                ret_facts->has_audience = column_int(&q, 3);
        }
        query_end(&q);
        return r;
}

int meeting_book(struct db *db, int64_t now_utc, const char *meeting, const char *person, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT 1 FROM meeting_participant p JOIN meeting m ON m.id = p.meeting"
                    " WHERE p.meeting = ? AND p.person IS NOT m.chair AND p.person <> ?",
                    err);
        query_text(&q, meeting);
        query_text(&q, person);
        r = put_exists(&q);
        if (r != 0)
                return r < 0 ? r : 0;
        query_start(&q, db,
                    "INSERT INTO meeting_participant(meeting, person, answer, answered, invited)"
                    " SELECT ?1, x.person, 'yes', ?3, ?3"
                    "   FROM (SELECT ?2 AS person UNION SELECT chair FROM meeting WHERE id = ?1 AND chair IS "
                    "NOT NULL) x"
                    "  WHERE true ON CONFLICT DO NOTHING",
                    err);
        query_text(&q, meeting);
        query_text(&q, person);
        query_int(&q, now_utc);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

int meeting_interpreter_put(struct db *db, const char *meeting, const char *language, const char *by,
                            int64_t at_utc, int64_t event, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "INSERT INTO meeting_interpreter(meeting, language, booked, by, event) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            err);
        query_text(&q, meeting);
        query_text(&q, language);
        query_int(&q, at_utc);
        query_text(&q, by);
        query_int_or_null(&q, event, 0);
        return query_run(&q);
}

int meeting_cancel(struct db *db, int64_t now_utc, const char *id, int64_t event, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "UPDATE meeting SET state = 'cancelled', sequence = sequence + 1, changed = ?, event = ?"
                    " WHERE id = ? AND state <> 'cancelled'",
                    err);
        query_int(&q, now_utc);
        query_int_or_null(&q, event, 0);
        query_text(&q, id);
        return query_run(&q);
}

int meeting_answer(struct db *db, const char *meeting, const char *person, const char *answer, int64_t at_utc,
                   struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "INSERT INTO meeting_participant(meeting, person, answer, answered, invited)"
            " SELECT ?1, ?2, ?3, ?4, ?4"
            "  WHERE EXISTS (SELECT 1 FROM meeting_participant WHERE meeting = ?1 AND person = ?2)"
            "     OR EXISTS (SELECT 1 FROM meeting m JOIN audience_member a ON a.audience = m.audience"
            "                 WHERE m.id = ?1 AND a.person = ?2)"
            " ON CONFLICT(meeting, person) DO UPDATE"
            "   SET answer = excluded.answer, answered = excluded.answered",
            err);
        query_text(&q, meeting);
        query_text(&q, person);
        query_text(&q, answer);
        query_int(&q, at_utc);
        r = query_run(&q);
        return r < 0 ? r : db_changes(db) > 0;
}
