#include "store/page_home.h"

#include <stdio.h>
#include <string.h>

static void copy(char *to, size_t size, struct query *q, int column)
{
        const char *text = column_text(q, column);

        snprintf(to, size, "%s", text ? text : "");
}

int home_day_get(struct db *db, const char *pupil, const char *day, const char *from_day,
                 struct home_day *ret_day, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT day, min(starts), max(ends), count(*), max(class = 'unexplained') FROM absence_lesson"
            " WHERE pupil = ?1 AND day_no >= CAST(julianday(coalesce(?2, ?3)) - 2440587.5 AS INTEGER)"
            "   AND (?2 IS NULL OR day = ?2) AND NOT EXISTS"
            "   (SELECT 1 FROM placement_day x JOIN placement p ON p.id = x.placement"
            "     WHERE p.pupil = ?1 AND p.state = 'planned' AND x.day = absence_lesson.day"
            "       AND x.kind = 'work' AND x.state = 'planned' AND absence_lesson.place = 'school')"
            " GROUP BY day HAVING ?2 IS NOT NULL OR max(class = 'unexplained') ORDER BY day DESC LIMIT 1",
            err);
        query_text(&q, pupil);
        query_text(&q, day);
        query_text(&q, from_day);
        r = query_row(&q);
        if (r > 0) {
                copy(ret_day->day, sizeof ret_day->day, &q, 0);
                ret_day->starts = column_int(&q, 1);
                ret_day->ends = column_int(&q, 2);
                ret_day->lessons = (int)column_int(&q, 3);
                ret_day->is_open = column_int(&q, 4);
        }
        query_end(&q);
        return r;
}

int home_explained(struct db *db, const char *pupil, int64_t starts, int64_t ends, struct home_word *ret_word,
                   struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT by, class, received FROM explanation"
                    " WHERE pupil = ? AND ends > ? AND starts < ? ORDER BY id DESC LIMIT 1",
                    err);
        query_text(&q, pupil);
        query_int(&q, starts);
        query_int(&q, ends);
        r = query_row(&q);
        if (r > 0) {
                copy(ret_word->by, sizeof ret_word->by, &q, 0);
                copy(ret_word->class, sizeof ret_word->class, &q, 1);
                ret_word->at = column_int(&q, 2);
        }
        query_end(&q);
        return r;
}

int home_located(struct db *db, const char *pupil, int64_t since_utc, int64_t until_utc,
                 char ret_place[static 16], struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT place FROM located WHERE pupil = ? AND at >= ? AND at < ? ORDER BY at DESC LIMIT 1", err);
        query_text(&q, pupil);
        query_int(&q, since_utc);
        query_int(&q, until_utc);
        r = query_row(&q);
        if (r > 0)
                copy(ret_place, 16, &q, 0);
        query_end(&q);
        return r;
}

int home_answer(struct db *db, const char *person, const char *subject, const char *rule, int64_t since_utc,
                char ret_answer[static 16], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT answer FROM answer WHERE subject = ? AND rule = ? AND at >= ? AND recipient = ?"
                    " ORDER BY id DESC LIMIT 1",
                    err);
        query_text(&q, subject);
        query_text(&q, rule);
        query_int(&q, since_utc);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0)
                copy(ret_answer, 16, &q, 0);
        query_end(&q);
        return r;
}

int home_messages(struct db *db, const char *person, const char *pupil, int limit,
                  int (*each)(void *context, const struct home_message *message, struct err *err),
                  void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT m.rule, g.channel, g.state, g.text, g.created FROM message g"
                    " CROSS JOIN message_notice mn ON mn.message = g.id"
                    " CROSS JOIN notice n ON n.id = mn.notice CROSS JOIN rule_match m ON m.id = n.match"
                    " WHERE g.person = ?1 AND m.pupil = ?2 AND g.state <> 'held' ORDER BY g.id DESC LIMIT ?3",
                    err);
        query_text(&q, person);
        query_text(&q, pupil);
        query_int(&q, limit);
        while ((r = query_row(&q)) > 0) {
                const struct home_message message = {.rule = column_text(&q, 0),
                                                     .channel = column_text(&q, 1),
                                                     .state = column_text(&q, 2),
                                                     .text = column_text(&q, 3),
                                                     .created = column_int(&q, 4)};

                r = each(context, &message, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int home_reports(struct db *db, const char *person, const char *pupil, int64_t now_utc,
                 int (*each)(void *context, const struct home_report *report, struct err *err), void *context,
                 struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT starts, max(ends), class FROM explanation WHERE pupil = ?1 AND ends > ?2 AND by = ?3"
            " GROUP BY starts ORDER BY starts LIMIT 10",
            err);
        query_text(&q, pupil);
        query_int(&q, now_utc);
        query_text(&q, person);
        while ((r = query_row(&q)) > 0) {
                const struct home_report report = {column_int(&q, 0), column_int(&q, 1), column_text(&q, 2)};

                r = each(context, &report, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

static int take_text(struct query *q, int column, char **ret_text, struct err *err)
{
        const char *text = column_text(q, column);

        *ret_text = text ? strdup(text) : NULL;
        return text && !*ret_text ? err_set(err, ERR_NOMEM, "meeting: out of memory") : 0;
}

int home_meeting_get(struct db *db, const char *meeting, const char *person, struct home_meeting *ret_meeting,
                     struct err *err)
{
        struct home_meeting found = {0};
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT m.title, m.place, m.link, m.starts, m.ends, m.state = 'cancelled', p.answer"
                    "  FROM meeting m LEFT JOIN meeting_participant p ON p.meeting = m.id AND p.person = ?2"
                    " WHERE m.id = ?1 AND (p.person IS NOT NULL OR EXISTS (SELECT 1 FROM audience_member a"
                    "                        WHERE a.audience = m.audience AND a.person = ?2))",
                    err);
        query_text(&q, meeting);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0 && (take_text(&q, 0, &found.title, err) < 0 || take_text(&q, 1, &found.place, err) < 0 ||
                      take_text(&q, 2, &found.link, err) < 0))
                r = ERR_NOMEM;
        if (r > 0) {
                found.starts = column_int(&q, 3);
                found.ends = column_int(&q, 4);
                found.is_cancelled = column_int(&q, 5);
                copy(found.answer, sizeof found.answer, &q, 6);
                *ret_meeting = found;
        }
        query_end(&q);
        if (r <= 0)
                home_meeting_fini(&found);
        return r;
}

void home_meeting_fini(struct home_meeting *meeting)
{
        free(meeting->title);
        free(meeting->place);
        free(meeting->link);
        *meeting = (struct home_meeting){0};
}

int home_consent_get(struct db *db, const char *pupil, const char *meeting, struct home_consent *ret_consent,
                     struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT c.id, c.state, coalesce(m.title, ''), coalesce(m.starts, 0) FROM consent c"
                    "  LEFT JOIN meeting m ON m.id = c.meeting"
                    " WHERE c.pupil = ? AND c.meeting = ? ORDER BY c.asked DESC, c.id LIMIT 1",
                    err);
        query_text(&q, pupil);
        query_text(&q, meeting);
        r = query_row(&q);
        if (r > 0) {
                copy(ret_consent->id, sizeof ret_consent->id, &q, 0);
                copy(ret_consent->state, sizeof ret_consent->state, &q, 1);
                copy(ret_consent->title, sizeof ret_consent->title, &q, 2);
                ret_consent->starts = column_int(&q, 3);
        }
        query_end(&q);
        return r;
}
