/* feed_day: the placement days that stand behind a feed. Binds of each query: ?1 owner, ?2 today, ?3 first
 * day, ?4 last day. */
#include "store/db.h"
#include "store/feed.h"
#include "store/page_link.h"

#include <stdio.h>
#include <string.h>

/* A placement's supervisor is the one it names; only when it names none, those of the workplace. */
#define SCOPE_PERSON                                                                                       \
        "SELECT id, 4 FROM placement WHERE supervisor = ?1"                                                \
        " UNION ALL SELECT p.id, 4 FROM workplace_supervisor s JOIN placement p ON p.workplace = "         \
        "s.workplace"                                                                                      \
        "            WHERE s.person = ?1 AND p.supervisor IS NULL"                                         \
        " UNION ALL SELECT id, 1 FROM placement WHERE pupil = ?1"                                          \
        " UNION ALL SELECT p.id, 2 FROM guardian g JOIN placement p ON p.pupil = g.pupil"                  \
        "            WHERE g.guardian = ?1 AND g.emergency_only = 0 AND (g.ended IS NULL OR g.ended > ?2)" \
        " UNION ALL SELECT p.id, 2 FROM carer c JOIN placement p ON p.pupil = c.pupil"                     \
        "            WHERE c.carer = ?1 AND (c.ended IS NULL OR c.ended > ?2)"                             \
        " UNION ALL SELECT p.id, 3 FROM role s JOIN organisation_tree t ON t.ancestor = s.organisation"    \
        "             JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'"                   \
        "             JOIN placement p ON p.pupil = r.person"                                              \
        "            WHERE s.person = ?1 AND s.role IN ('teacher', 'coach', 'substitute')"                 \
        "              AND s.first_day <= ?2 AND (s.last_day IS NULL OR s.last_day >= ?2)"                 \
        "              AND (r.last_day IS NULL OR r.last_day >= ?2)"

#define SCOPE_WORKPLACE "SELECT id, 4 FROM placement WHERE workplace = ?1"

#define SCOPE_PUPILS(view)                                                    \
        "SELECT p.id, " view " FROM organisation_tree t"                      \
        "  JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'" \
        "  JOIN placement p ON p.pupil = r.person"                            \
        " WHERE t.ancestor = ?1 AND (r.last_day IS NULL OR r.last_day >= ?2)"

/* The host sees that somebody comes too. */
#define SCOPE_HOST                                                                                 \
        " UNION ALL SELECT p.id, 5 FROM organisation_tree t JOIN workplace w ON w.organisation = " \
        "t.descendant"                                                                             \
        "             JOIN placement p ON p.workplace = w.id WHERE t.ancestor = ?1"

/* Where the pupil belongs, the nearest organisation first. */
#define HOME " FROM role r JOIN organisation_tree a ON a.descendant = r.organisation"

#define DAYS(scope)                                                                                          \
        "WITH scope(placement, view) AS (" scope "),"                                                        \
        " shown AS MATERIALIZED ("                                                                           \
        "  SELECT p.id AS placement, min(s.view) AS view, p.state, p.changed, pu.given, pu.protected,"       \
        "         (SELECT h.host_name FROM placement_host h WHERE h.placement = p.id AND h.home <> h.host)"  \
        "          AS host,"                                                                                 \
        "         w.name, w.address,"                                                                        \
        "         (SELECT count(*) FROM agreement_signature g WHERE g.placement = p.id) AS signatures,"      \
        "         (SELECT max(g.at) FROM agreement_signature g WHERE g.placement = p.id) AS signed,"         \
        "         (SELECT t.person" HOME                                                                     \
        "            JOIN role t ON t.organisation = a.ancestor AND t.role = 'teacher'"                      \
        "             AND t.first_day <= ?2 AND (t.last_day IS NULL OR t.last_day >= ?2)"                    \
        "            JOIN person e ON e.id = t.person AND e.protected = 0 AND (e.ended IS NULL OR e.ended "  \
        "> ?2)"                                                                                              \
        "           WHERE r.person = p.pupil AND r.role = 'pupil' AND (r.last_day IS NULL OR r.last_day >= " \
        "?2)"                                                                                                \
        "           ORDER BY r.first_day, a.distance, t.first_day, t.person LIMIT 1) AS teacher,"            \
        "         (SELECT o.phone" HOME                                                                      \
        "            JOIN organisation o ON o.id = a.ancestor AND o.phone IS NOT NULL"                       \
        "           WHERE r.person = p.pupil AND r.role = 'pupil' AND (r.last_day IS NULL OR r.last_day >= " \
        "?2)"                                                                                                \
        "           ORDER BY r.first_day, a.distance LIMIT 1) AS phone"                                      \
        "    FROM scope s JOIN placement p ON p.id = s.placement"                                            \
        "    JOIN person pu ON pu.id = p.pupil AND (pu.ended IS NULL OR pu.ended > ?2)"                      \
        "    JOIN workplace w ON w.id = p.workplace"                                                         \
        "   WHERE NOT EXISTS (SELECT 1 FROM guardian g"                                                      \
        "                      WHERE g.pupil = p.pupil AND g.guardian = ?1 AND g.restricted = 1)"            \
        "     AND EXISTS (SELECT 1 FROM placement_day d"                                                     \
        "                  WHERE d.placement = p.id AND d.day BETWEEN ?3 AND ?4)"                            \
        "   GROUP BY p.id)"                                                                                  \
        " SELECT s.placement, s.view, s.state, s.changed, s.given, s.protected, s.name, s.address, s.host, " \
        "s.signatures,"                                                                                      \
        "        s.signed, t.given || ' ' || t.family,"                                                      \
        "        (SELECT c.value FROM contact c WHERE c.person = s.teacher AND c.channel = 'sms'"            \
        "            AND c.state = 'good' ORDER BY c.position, c.value LIMIT 1), s.phone"                    \
        "   FROM shown s LEFT JOIN person t ON t.id = s.teacher"                                             \
        "  WHERE NOT (s.protected = 1 AND s.view = 5)"

static const struct {
        const char *kind, *sql;
} scope_table[] = {
    {"group", DAYS(SCOPE_PUPILS("3"))},
    {"municipality", DAYS(SCOPE_PUPILS("5") SCOPE_HOST)},
    {"network", DAYS(SCOPE_PUPILS("5") SCOPE_HOST)},
    {"person", DAYS(SCOPE_PERSON)},
    {"school", DAYS(SCOPE_PUPILS("3"))},
    {"workplace", DAYS(SCOPE_WORKPLACE)},
};

static const char *sql_of(const char *kind)
{
        for (size_t i = 0; i < ARRAY_SIZE(scope_table); i++)
                if (strcmp(scope_table[i].kind, kind) == 0)
                        return scope_table[i].sql;
        return NULL;
}

/* ---- placements, then their days: sorting narrow rows here is several times cheaper than wide ones there */

#define UID_MAX 600        /* bytes: an id and a day */
#define DAYS_MAX (1 << 20) /* of one feed */

/* What all days of a placement share. */
struct shown {
        char *texts[8]; /* placement, given, workplace, address, host, teacher, their number, the school's */
        char *page;
        enum feed_view view;
        bool is_cancelled, is_protected, is_signed;
        int64_t changed, signed_at;
};

struct day_row {
        const struct shown *shown;
        int64_t starts, ends, changed;
        int sequence;
        char original_day[11], day[11];
        bool is_school, is_cancelled;
};

struct days {
        struct shown **placements;
        size_t placement_count, placement_room;
        struct day_row *rows;
        size_t count, room;
};

static void days_fini(struct days *days)
{
        for (size_t i = 0; i < days->placement_count; i++) {
                for (size_t k = 0; k < ARRAY_SIZE(days->placements[i]->texts); k++)
                        free(days->placements[i]->texts[k]);
                free(days->placements[i]->page);
                free(days->placements[i]);
        }
        free(days->placements);
        free(days->rows);
}

/* Room for one more of SIZE bytes. */
static int reserve(void **items, size_t count, size_t *room, size_t size, struct err *err)
{
        size_t wanted = *room ? *room * 2 : 64;
        void *grown;

        if (count < *room)
                return 0;
        grown = realloc(*items, wanted * size);
        if (!grown)
                return err_set(err, ERR_NOMEM, "feed: out of memory");
        *items = grown;
        *room = wanted;
        return 0;
}

static int read_placement(struct query *q, struct days *days, struct err *err)
{
        static const int columns[] = {0, 4, 6, 7, 8, 11, 12, 13};
        struct shown *shown;
        int r = reserve((void **)&days->placements, days->placement_count, &days->placement_room,
                        sizeof(struct shown *), err);

        if (r < 0)
                return r;
        shown = calloc(1, sizeof *shown);
        if (!shown)
                return err_set(err, ERR_NOMEM, "feed: out of memory");
        days->placements[days->placement_count++] = shown;
        shown->view = (enum feed_view)column_int(q, 1);
        shown->is_cancelled = strcmp(column_text(q, 2), "cancelled") == 0;
        shown->changed = column_int(q, 3);
        shown->is_protected = column_int(q, 5);
        shown->is_signed = column_int(q, 9) == 3;
        shown->signed_at = column_int_or(q, 10, 0);
        for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
                const char *text = column_text(q, columns[i]);

                shown->texts[i] = text ? strdup(text) : NULL;
                if (text && !shown->texts[i])
                        return err_set(err, ERR_NOMEM, "feed: out of memory");
        }
        return 0;
}

static int64_t latest(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

static void copy_day(char to[static 11], const char *day)
{
        size_t length = day ? strnlen(day, 10) : 0;

        memcpy(to, day ? day : "", length);
        to[length] = '\0';
}

static int read_days(struct db *db, const struct shown *shown, const char *first_day, const char *last_day,
                     struct days *days, struct err *err)
{
        struct day_row *row;
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT original_day, day, starts, ends, changed, sequence, kind = 'school', state = 'cancelled'"
            "  FROM placement_day WHERE placement = ? AND day BETWEEN ? AND ?",
            err);
        query_text(&q, shown->texts[0]);
        query_text(&q, first_day);
        query_text(&q, last_day);
        while ((r = query_row(&q)) > 0) {
                if (days->count == DAYS_MAX)
                        r = err_set(err, ERR_LIMIT, "feed: over %d days: make feeds of its parts", DAYS_MAX);
                else
                        r = reserve((void **)&days->rows, days->count, &days->room, sizeof *days->rows, err);
                if (r < 0)
                        break;
                row = &days->rows[days->count++];
                *row = (struct day_row){.shown = shown,
                                        .starts = column_int(&q, 2),
                                        .ends = column_int(&q, 3),
                                        .changed = column_int(&q, 4),
                                        .sequence = (int)column_int(&q, 5),
                                        .is_school = column_int(&q, 6)};
                row->is_cancelled = column_int(&q, 7) || (shown->is_cancelled && row->ends > shown->changed);
                row->changed = latest(row->changed, latest(shown->changed, shown->signed_at));
                copy_day(row->original_day, column_text(&q, 0));
                copy_day(row->day, column_text(&q, 1));
        }
        query_end(&q);
        return r;
}

static int compare_rows(const void *a, const void *b)
{
        const struct day_row *x = a, *y = b;
        int order;

        if (x->starts != y->starts)
                return x->starts < y->starts ? -1 : 1;
        order = strcmp(x->shown->texts[0], y->shown->texts[0]);
        return order ? order : strcmp(x->original_day, y->original_day);
}

static size_t append(char *to, size_t at, size_t max, const char *text)
{
        size_t length = strnlen(text, max - 1 - at);

        memcpy(to + at, text, length);
        return at + length;
}

static void fill(const struct day_row *row, const char *today, char uid[static UID_MAX], struct feed_day *day)
{
        const struct shown *shown = row->shown;
        size_t at = append(uid, 0, UID_MAX, "pl-");

        at = append(uid, at, UID_MAX - 12, shown->texts[0]);
        at = append(uid, at, UID_MAX, "-");
        uid[append(uid, at, UID_MAX, row->original_day)] = '\0';
        *day = (struct feed_day){
            .uid = uid,
            .placement = shown->texts[0],
            .starts = row->starts,
            .ends = row->ends,
            .changed = row->changed,
            .sequence = row->sequence,
            .is_school = row->is_school,
            .is_cancelled = row->is_cancelled,
            .is_signed = shown->is_signed,
            .is_protected = shown->is_protected,
            .has_passed = strcmp(row->day, today) < 0,
            .view = shown->view,
            .given = shown->texts[1],
            .workplace = shown->texts[2],
            .address = shown->texts[3],
            .host = shown->texts[4],
            .call_name = shown->texts[5],
            .call_phone = shown->texts[6],
            .school_phone = shown->texts[7],
            .page = shown->page,
        };
}

/* Somebody may only tell who has come once the agreement is signed. */
static int add_pages(struct db *db, const struct feed *feed, struct days *days, struct err *err)
{
        _cleanup_(free_ptr) char *base = NULL;
        char token[PAGE_TOKEN_MAX];
        int r = meta_get(db, "base_url", &base, err);

        for (size_t i = 0; i < days->placement_count && base && r >= 0; i++) {
                struct shown *shown = days->placements[i];

                if (shown->view != FEED_VIEW_WORK || !shown->is_signed || shown->is_protected ||
                    shown->is_cancelled)
                        continue;
                r = page_feed_token(db, feed->id, feed->owner, shown->texts[0], token, err);
                if (r > 0 && asprintf(&shown->page, "%s/w/%s", base, token) < 0) {
                        shown->page = NULL;
                        r = err_set(err, ERR_NOMEM, "feed: out of memory");
                }
        }
        return r < 0 ? r : 0;
}

static int read_placements(struct db *db, const struct feed *feed, const char *sql, const char *today,
                           const char *first_day, const char *last_day, struct days *days, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, sql, err);
        query_text(&q, feed->owner);
        query_text(&q, today);
        query_text(&q, first_day);
        query_text(&q, last_day);
        while ((r = query_row(&q)) > 0) {
                r = read_placement(&q, days, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        if (r == 0 && strcmp(feed->kind, "person") == 0)
                r = add_pages(db, feed, days, err);
        for (size_t i = 0; i < days->placement_count && r == 0; i++)
                r = read_days(db, days->placements[i], first_day, last_day, days, err);
        return r;
}

int feed_days(struct db *db, const struct feed *feed, const char *today, const char *first_day,
              const char *last_day, int (*each)(void *context, const struct feed_day *day), void *context,
              struct err *err)
{
        const char *sql = sql_of(feed->kind);
        struct days days = {0};
        struct feed_day day;
        char uid[UID_MAX];
        int r;

        if (!sql)
                return err_set(err, ERR_INVALID, "feed %s: %.15s: no such kind of feed: revoke it", feed->id,
                               feed->kind);
        r = read_placements(db, feed, sql, today, first_day, last_day, &days, err);
        if (r == 0 && days.count)
                qsort(days.rows, days.count, sizeof *days.rows, compare_rows);
        for (size_t i = 0; i < days.count && r == 0; i++) {
                fill(&days.rows[i], today, uid, &day);
                r = each(context, &day);
        }
        days_fini(&days);
        return r;
}
