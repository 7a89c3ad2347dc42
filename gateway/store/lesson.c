#include "store/lesson.h"

#define DEFAULT_LESSONS 6
#define DEFAULT_START (-4 * 3600) /* 08:00 */
#define DEFAULT_LENGTH (45 * 60)

int lesson_put(struct db *db, const char *source, const struct lesson *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db,
                    "SELECT source, NULL FROM lesson WHERE organisation = ? AND weekday = ? AND lesson = ?",
                    err);
        query_text(&q, row->organisation);
        query_int(&q, row->weekday);
        query_int(&q, row->lesson);
        existed = put_owned(&q, source);
        query_start(&q, db,
                    "INSERT INTO lesson(organisation, weekday, lesson, starts, ends, source) VALUES (?, ?, "
                    "?, ?, ?, ?)"
                    " ON CONFLICT(organisation, weekday, lesson) DO UPDATE"
                    "   SET starts = excluded.starts, ends = excluded.ends, source = excluded.source"
                    " WHERE starts <> excluded.starts OR ends <> excluded.ends OR source <> excluded.source",
                    err);
        query_text(&q, row->organisation);
        query_int(&q, row->weekday);
        query_int(&q, row->lesson);
        query_int(&q, row->starts);
        query_int(&q, row->ends);
        query_text(&q, source);
        return put_run(&q, existed);
}

static void fill_default(int weekday, struct timetable *timetable)
{
        timetable->count = weekday <= 5 ? DEFAULT_LESSONS : 0;
        for (int i = 0; i < timetable->count; i++) {
                timetable->lessons[i].lesson = i + 1;
                timetable->lessons[i].starts = DEFAULT_START + i * 3600;
                timetable->lessons[i].ends = DEFAULT_START + i * 3600 + DEFAULT_LENGTH;
        }
}

int timetable_read(struct db *db, const char *organisation, int weekday, struct timetable *ret_timetable,
                   struct err *err)
{
        bool has_timetable = false;
        struct query q;
        int r, count = 0;

        /* The LEFT JOIN gives one empty row when the nearest timetable has nothing on that weekday. */
        query_start(&q, db,
                    "SELECT l.lesson, l.starts, l.ends"
                    "  FROM (SELECT t.ancestor FROM organisation_tree t"
                    "         WHERE t.descendant = ? AND EXISTS (SELECT 1 FROM lesson WHERE organisation = "
                    "t.ancestor)"
                    "         ORDER BY t.distance LIMIT 1) o"
                    "  LEFT JOIN lesson l ON l.organisation = o.ancestor AND l.weekday = ?"
                    " ORDER BY l.starts, l.lesson",
                    err);
        query_text(&q, organisation);
        query_int(&q, weekday);
        while ((r = query_row(&q)) > 0 && count < LESSON_NO_MAX) {
                has_timetable = true;
                if (column_is_null(&q, 0))
                        continue;
                ret_timetable->lessons[count].lesson = (int)column_int(&q, 0);
                ret_timetable->lessons[count].starts = (int)column_int(&q, 1);
                ret_timetable->lessons[count].ends = (int)column_int(&q, 2);
                count++;
        }
        query_end(&q);
        if (r < 0)
                return r;
        ret_timetable->count = count;
        if (!has_timetable)
                fill_default(weekday, ret_timetable);
        return 0;
}
