#include "store/desk_message.h"
#include "base/buf.h"
#include "store/desk_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is about a case, or goes to a curator, is seen by who takes part in the case and by who got it. ?1:
 * the reader. */
#define TAKES_PART(which)                                                                       \
        "EXISTS (SELECT 1 FROM case_file c WHERE " which                                        \
        "   AND (c.owner = ?1 OR c.substitute = ?1 OR EXISTS (SELECT 1 FROM case_participant x" \
        "         WHERE x.case_id = c.id AND x.person = ?1)))"
#define IS_SEEN                                                                                              \
        "(n.person = ?1 OR CASE WHEN m.kind = 'case' THEN " TAKES_PART(                                      \
            "c.id = m.subject") "   WHEN EXISTS (SELECT 1 FROM role r WHERE r.person = n.person AND r.role " \
                                "= 'curator')"                                                               \
                                "     THEN " TAKES_PART("c.pupil = m.pupil") " ELSE 1 END)"

#define COLUMNS                                                                                    \
        "g.id, g.created, g.person, coalesce(p.given || ' ' || p.family, ''), g.channel, g.state," \
        " coalesce(g.reason, ''), g.urgent, m.rule, coalesce(m.pupil, ''),"                        \
        " coalesce(q.given || ' ' || q.family, ''), coalesce(q.protected, 0), " IS_SEEN
#define CHAIN                                                                                     \
        " CROSS JOIN message_notice k ON k.message = g.id CROSS JOIN notice n ON n.id = k.notice" \
        " CROSS JOIN rule_match m ON m.id = n.match LEFT JOIN person p ON p.id = g.person"        \
        " LEFT JOIN person q ON q.id = m.pupil "
enum {
        C_ID,
        C_CREATED,
        C_PERSON,
        C_NAME,
        C_CHANNEL,
        C_STATE,
        C_REASON,
        C_URGENT,
        C_RULE,
        C_PUPIL,
        C_PUPIL_NAME,
        C_PROTECTED,
        C_SEEN
};

/* ---- rows */

static void row_fini(struct desk_log_row *row)
{
        free(row->person);
        free(row->name);
        free(row->channel);
        free(row->state);
        free(row->reason);
        free(row->rule);
        free(row->pupil);
        free(row->pupil_name);
        *row = (struct desk_log_row){0};
}

void desk_log_fini(struct desk_log_rows *rows)
{
        for (int i = 0; i < rows->count; i++)
                row_fini(&rows->rows[i]);
        rows->count = 0;
}

static bool fill_row(struct query *q, struct desk_log_row *row)
{
        *row = (struct desk_log_row){.id = column_int(q, C_ID),
                                     .created = column_int(q, C_CREATED),
                                     .person = strdup(column_text(q, C_PERSON)),
                                     .name = strdup(column_text(q, C_NAME)),
                                     .channel = strdup(column_text(q, C_CHANNEL)),
                                     .state = strdup(column_text(q, C_STATE)),
                                     .reason = strdup(column_text(q, C_REASON)),
                                     .rule = strdup(column_text(q, C_RULE)),
                                     .pupil = strdup(column_text(q, C_PUPIL)),
                                     .pupil_name = strdup(column_text(q, C_PUPIL_NAME)),
                                     .notices = 1,
                                     .urgent = column_int(q, C_URGENT),
                                     .is_protected = column_int(q, C_PROTECTED)};
        return row->person && row->name && row->channel && row->state && row->reason && row->rule &&
               row->pupil && row->pupil_name;
}

static bool is_newer(const struct desk_log_row *row, int64_t at, int64_t message)
{
        return row->created > at || (row->created == at && row->id > message);
}

/* Rows stay in order, each message once; what is older than a full list is left out. 1: it is in the list. */
static int keep_row(struct desk_log_rows *rows, struct query *q, struct err *err)
{
        int64_t at = column_int(q, C_CREATED), id = column_int(q, C_ID);
        int place = rows->count;

        while (place > 0 && !is_newer(&rows->rows[place - 1], at, id)) {
                place--;
                if (rows->rows[place].id == id) {
                        rows->rows[place].notices++;
                        return 1;
                }
        }
        if (place == (int)ARRAY_SIZE(rows->rows))
                return 0;
        if (rows->count == (int)ARRAY_SIZE(rows->rows))
                row_fini(&rows->rows[--rows->count]);
        memmove(&rows->rows[place + 1], &rows->rows[place],
                (size_t)(rows->count - place) * sizeof rows->rows[0]);
        rows->count++;
        return fill_row(q, &rows->rows[place]) ? 1 : err_set(err, ERR_NOMEM, "messages: out of memory");
}

/* The newest rows are a page; where they end the next begins. STOP: what lies below was not looked at. */
static void cut_page(struct desk_log_rows *rows, struct desk_log_key stop)
{
        if (rows->count > DESK_LOG_ROWS) {
                struct desk_log_key full = {rows->rows[DESK_LOG_ROWS - 1].created,
                                            rows->rows[DESK_LOG_ROWS - 1].id};

                if (full.at > stop.at || (full.at == stop.at && full.message > stop.message))
                        stop = full;
        }
        while (rows->count > 0) {
                struct desk_log_row *last = &rows->rows[rows->count - 1];

                if (rows->count <= DESK_LOG_ROWS &&
                    (is_newer(last, stop.at, stop.message) || last->id == stop.message))
                        break;
                row_fini(last);
                rows->count--;
        }
        rows->next = stop;
}

/* ---- an organisation's log, from the newest on */

struct scan {
        struct db *db;
        const struct desk_log_filter *filter;
        struct desk_log_rows *rows;
        struct desk_log_key stop;
        int left; /* notices that may still be looked at */
        struct err *err;
};

static bool is_wanted(const struct desk_log_filter *filter, struct query *q)
{
        char quoted[64];

        if (!column_int(q, C_SEEN))
                return false;
        if (filter->rule && strcmp(column_text(q, C_RULE), filter->rule) != 0)
                return false;
        if (!filter->states)
                return true;
        snprintf(quoted, sizeof quoted, "\"%s\"", column_text(q, C_STATE));
        return strstr(filter->states, quoted) != NULL;
}

static void bind_time(struct query *q, const struct desk_log_filter *filter)
{
        query_int(q, filter->from);
        query_int(q, filter->until ? filter->until : INT64_MAX);
        query_int(q, filter->below.message ? filter->below.at : INT64_MAX);
        query_int(q, filter->below.message ? filter->below.message : INT64_MAX);
}

/* Rows that the list has no more room for end it: they come the newest first. */
static int scan_rows(struct scan *scan, struct query *q)
{
        struct desk_log_key last = {0};
        int kept = 0, r;

        while ((r = query_row(q)) > 0) {
                struct desk_log_key here = {column_int(q, C_CREATED), column_int(q, C_ID)};

                if (here.message != last.message && (scan->left <= 0 || kept > DESK_LOG_ROWS))
                        break;
                last = here;
                scan->left--;
                if (!is_wanted(scan->filter, q))
                        continue;
                r = keep_row(scan->rows, q, scan->err);
                if (r < 0)
                        break;
                kept += r ? 1 : DESK_LOG_ROWS + 1;
        }
        if (r > 0 &&
            (last.at > scan->stop.at || (last.at == scan->stop.at && last.message > scan->stop.message)))
                scan->stop = last;
        query_end(q);
        return r < 0 ? r : 0;
}

static int scan_organisation(struct scan *scan, const char *organisation)
{
        struct query q;

        query_start(&q, scan->db,
                    "SELECT " COLUMNS " FROM message_scope s CROSS JOIN message g ON g.id = s.message" CHAIN
                    " WHERE s.organisation = ?6 AND s.at >= ?2 AND s.at < ?3 AND s.at <= ?4"
                    "   AND (s.at < ?4 OR s.message < ?5)"
                    " ORDER BY s.at DESC, s.message DESC",
                    scan->err);
        query_text(&q, scan->filter->reader);
        bind_time(&q, scan->filter);
        query_text(&q, organisation);
        return scan_rows(scan, &q);
}

/* An organisation that stands below another of the scope has nothing of its own to add. */
static int scan_all(struct scan *scan)
{
        char names[64][ID_SIZE];
        struct query q;
        int count = 0, r;

        query_start(&q, scan->db,
                    "SELECT DISTINCT s.value FROM json_each(?1) s WHERE NOT EXISTS"
                    "  (SELECT 1 FROM organisation_tree t JOIN json_each(?1) o ON o.value = t.ancestor"
                    "    WHERE t.descendant = s.value AND t.distance > 0)",
                    scan->err);
        query_text(&q, scan->filter->scope);
        while ((r = query_row(&q)) > 0 && count < (int)ARRAY_SIZE(names))
                snprintf(names[count++], ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        for (int i = 0; i < count && r >= 0; i++) {
                scan->left = DESK_LOG_SCAN_MAX / count;
                r = scan_organisation(scan, names[i]);
        }
        return r < 0 ? r : 0;
}

/* ---- the messages of people with a name */

#define IN_SCOPE                                                                                       \
        "EXISTS (SELECT 1 FROM json_each(?6) o CROSS JOIN message_scope s ON s.organisation = o.value" \
        "   AND s.at = g.created AND s.message = g.id)"

static int read_people(struct scan *scan, const char *people)
{
        struct query q;

        query_start(
            &q, scan->db,
            "SELECT " COLUMNS
            " FROM (SELECT i.id FROM json_each(?7) w CROSS JOIN message i ON i.person = w.value"
            "   UNION SELECT y.message FROM json_each(?7) w CROSS JOIN rule_match z ON z.pupil = w.value"
            "     CROSS JOIN notice x ON x.match = z.id CROSS JOIN message_notice y ON y.notice = x.id) f"
            "  CROSS JOIN message g ON g.id = f.id" CHAIN
            " WHERE g.created >= ?2 AND g.created < ?3 AND g.created <= ?4 AND (g.created < ?4 OR g.id < ?5)"
            "   AND " IN_SCOPE " ORDER BY g.created DESC, g.id DESC, n.id LIMIT 4000",
            scan->err);
        query_text(&q, scan->filter->reader);
        bind_time(&q, scan->filter);
        query_text(&q, scan->filter->scope);
        query_text(&q, people);
        scan->left = DESK_LOG_SCAN_MAX;
        return scan_rows(scan, &q);
}

int desk_log_read(struct db *db, const struct desk_log_filter *filter, struct desk_log_rows *ret_rows,
                  struct err *err)
{
        struct scan scan = {.db = db, .filter = filter, .rows = ret_rows, .err = err};
        struct buf people;
        int count = 0, r;

        *ret_rows = (struct desk_log_rows){0};
        if (!filter->like) {
                r = scan_all(&scan);
        } else {
                buf_init(&people, (DESK_LOG_PEOPLE_MAX + 1) * (ID_SIZE * 6 + 8));
                r = desk_people_find(db, filter->scope, filter->like, DESK_LOG_PEOPLE_MAX + 1, &people,
                                     &count, err);
                ret_rows->many_people = count > DESK_LOG_PEOPLE_MAX;
                if (r == 0)
                        r = read_people(&scan, buf_text(&people));
                buf_fini(&people);
        }
        cut_page(ret_rows, scan.stop);
        return r;
}

int desk_log_of_pupil(struct db *db, const char *pupil, const char *reader, int limit,
                      struct desk_log_rows *ret_rows, struct err *err)
{
        const struct desk_log_filter filter = {.reader = reader};
        struct scan scan = {
            .db = db, .filter = &filter, .rows = ret_rows, .left = DESK_LOG_SCAN_MAX, .err = err};
        struct query q;
        int r;

        *ret_rows = (struct desk_log_rows){0};
        query_start(&q, db,
                    "SELECT " COLUMNS " FROM rule_match m CROSS JOIN notice n ON n.match = m.id"
                    " CROSS JOIN message_notice k ON k.notice = n.id CROSS JOIN message g ON g.id = k.message"
                    " LEFT JOIN person p ON p.id = g.person LEFT JOIN person q ON q.id = m.pupil"
                    " WHERE m.pupil = ?2 ORDER BY g.created DESC, g.id DESC, n.id",
                    err);
        query_text(&q, reader);
        query_text(&q, pupil);
        r = scan_rows(&scan, &q);
        cut_page(ret_rows, scan.stop);
        while (ret_rows->count > limit)
                row_fini(&ret_rows->rows[--ret_rows->count]);
        return r;
}

/* ---- one message */

int desk_log_has(struct db *db, const char *scope, int64_t message, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT 1 FROM message g CROSS JOIN json_each(?1) o CROSS JOIN message_scope s"
                    "    ON s.organisation = o.value AND s.at = g.created AND s.message = g.id"
                    " WHERE g.id = ?2",
                    err);
        query_text(&q, scope);
        query_int(&q, message);
        return put_exists(&q);
}

int desk_log_parts(struct db *db, int64_t message, const char *reader,
                   int (*each)(void *context, const struct desk_log_part *part, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT n.id, coalesce(m.pupil, ''), k.title, k.text, " IS_SEEN
                    "  FROM message_notice k CROSS JOIN notice n ON n.id = k.notice"
                    " CROSS JOIN rule_match m ON m.id = n.match WHERE k.message = ?2 ORDER BY n.id",
                    err);
        query_text(&q, reader);
        query_int(&q, message);
        while ((r = query_row(&q)) > 0) {
                const struct desk_log_part part = {.notice = column_int(&q, 0),
                                                   .pupil = column_text(&q, 1),
                                                   .title = column_text(&q, 2),
                                                   .text = column_text(&q, 3),
                                                   .is_seen = column_int(&q, 4)};

                r = each(context, &part, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_log_person(struct db *db, const char *person, const char *pupil, struct desk_log_person *ret_person,
                    struct err *err)
{
        struct query q;
        int r;

        *ret_person = (struct desk_log_person){0};
        query_start(
            &q, db,
            "SELECT p.given || ' ' || p.family,"
            "  CASE WHEN EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = ?2 AND g.guardian = ?1) THEN "
            "'guardian'"
            "       WHEN EXISTS (SELECT 1 FROM carer c WHERE c.pupil = ?2 AND c.carer = ?1) THEN 'carer'"
            "       ELSE coalesce((SELECT r.role FROM role r WHERE r.person = ?1"
            "                       ORDER BY r.last_day IS NOT NULL, r.first_day DESC, r.id LIMIT 1),"
            "         CASE WHEN EXISTS (SELECT 1 FROM workplace_supervisor s WHERE s.person = ?1) THEN "
            "'supervisor'"
            "              WHEN EXISTS (SELECT 1 FROM guardian g WHERE g.guardian = ?1) THEN 'guardian' ELSE "
            "'' END)"
            "  END FROM person p WHERE p.id = ?1",
            err);
        query_text(&q, person);
        query_text(&q, pupil);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_person->name, sizeof ret_person->name, "%s", column_text(&q, 0));
                snprintf(ret_person->as, sizeof ret_person->as, "%s", column_text(&q, 1));
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int desk_log_is_protected(struct db *db, const char *person, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM person WHERE id = ? AND protected = 1", err);
        query_text(&q, person);
        return put_exists(&q);
}

int desk_log_rules(struct db *db, int (*each)(void *context, const char *rule, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT DISTINCT rule FROM rule_version ORDER BY rule", err);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int desk_log_names_place(struct db *db, const char *pupil, const char *text, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT 1 FROM (SELECT w.name AS place FROM placement p JOIN workplace w ON w.id = p.workplace"
            "                WHERE p.pupil = ?1"
            "   UNION ALL SELECT w.address FROM placement p JOIN workplace w ON w.id = p.workplace"
            "                WHERE p.pupil = ?1"
            "   UNION ALL SELECT m.place FROM meeting m WHERE m.pupil = ?1"
            "   UNION ALL SELECT o.name FROM role r JOIN organisation_tree t ON t.descendant = r.organisation"
            "                JOIN organisation o ON o.id = t.ancestor"
            "                WHERE r.person = ?1 AND r.role = 'pupil' AND o.kind <> 'group') x"
            " WHERE length(x.place) > 2 AND instr(lower(?2), lower(x.place)) > 0",
            err);
        query_text(&q, pupil);
        query_text(&q, text);
        return put_exists(&q);
}

int desk_log_case_is_open(struct db *db, const char *number, const char *reader, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 WHERE " TAKES_PART("c.id = ?2"), err);
        query_text(&q, reader);
        query_text(&q, number);
        return put_exists(&q);
}
