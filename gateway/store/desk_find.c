#include "store/desk_find.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* ---- names
 *
 * The indexes stand on lower(), which folds A–Z alone. A name is written with a capital first letter, in
 * small or in large letters: three ways for its other letters, and each is asked for. */

#define WAYS 3
#define LAST_LETTER "\xf4\x8f\xbf\xbf" /* U+10FFFF */
#define WAY_MAX_BYTES (2 * DESK_LIKE_MAX_BYTES)

struct prefix {
        char from[WAYS][WAY_MAX_BYTES],
            until[WAYS][WAY_MAX_BYTES]; /* the last letter a name may go on with */
        int count;
};

enum way { WAY_SMALL, WAY_CAPITAL, WAY_LARGE };

/* False when LIKE is too long or no UTF-8. */
static bool write_way(const char *like, size_t length, enum way way, char ret_text[static WAY_MAX_BYTES])
{
        int32_t at = 0, to = 0, size = (int32_t)length;
        bool is_first = true, failed = false;
        UChar32 c;

        while (at < size) {
                U8_NEXT(like, at, size, c);
                if (c < 0)
                        return false;
                if (c < 0x80)
                        c = c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
                else
                        c = way == WAY_LARGE || (way == WAY_CAPITAL && is_first) ? u_toupper(c)
                                                                                 : u_tolower(c);
                is_first = c == ' ' || c == '-';
                U8_APPEND((uint8_t *)ret_text, to, WAY_MAX_BYTES - 5, c, failed);
                if (failed)
                        return false;
        }
        ret_text[to] = '\0';
        return true;
}

static bool make_prefix(const char *like, size_t length, struct prefix *ret_prefix)
{
        ret_prefix->count = 0;
        for (int i = 0; i < WAYS; i++) {
                char *from = ret_prefix->from[ret_prefix->count];
                size_t length_of_way;
                bool is_new = true;

                if (!write_way(like, length, (enum way)i, from))
                        return false;
                for (int j = 0; j < ret_prefix->count; j++)
                        is_new = is_new && strcmp(ret_prefix->from[j], from) != 0;
                if (!is_new)
                        continue;
                length_of_way = strlen(from);
                memcpy(ret_prefix->until[ret_prefix->count], from, length_of_way);
                memcpy(ret_prefix->until[ret_prefix->count] + length_of_way, LAST_LETTER, sizeof LAST_LETTER);
                ret_prefix->count++;
        }
        return true;
}

/* ---- lists of pupils */

#define ROW                                                                                             \
        "p.id, p.given, p.family, p.protected,"                                                         \
        " (SELECT o.name FROM organisation o WHERE o.id = (SELECT r.organisation FROM role r"           \
        "   WHERE r.person = p.id AND r.role = 'pupil' AND r.first_day <= ?2"                           \
        "     AND (r.last_day IS NULL OR r.last_day >= ?2) ORDER BY r.first_day DESC LIMIT 1)),"        \
        " (SELECT r.grade FROM role r WHERE r.person = p.id AND r.role = 'pupil' AND r.first_day <= ?2" \
        "     AND (r.last_day IS NULL OR r.last_day >= ?2) ORDER BY r.first_day DESC LIMIT 1)"
#define IN_SCOPE                                                                                       \
        "EXISTS (SELECT 1 FROM role r CROSS JOIN organisation_tree t ON t.descendant = r.organisation" \
        "   AND t.ancestor IN (SELECT value FROM json_each(?1))"                                       \
        "   WHERE r.person = p.id AND r.role = 'pupil' AND r.first_day <= ?2"                          \
        "     AND (r.last_day IS NULL OR r.last_day >= ?2))"
#define IS_HERE "(p.ended IS NULL OR p.ended > ?2)"

struct found {
        char *id, *given, *family, *group;
        int grade;
        bool is_protected;
};

/* What several statements find, each pupil once. */
struct finding {
        struct found rows[2 * WAYS * (DESK_PUPILS_MAX + 1)];
        int count;
};

static struct finding *finding_free(struct finding *finding)
{
        for (int i = 0; finding && i < finding->count; i++) {
                free(finding->rows[i].id);
                free(finding->rows[i].given);
                free(finding->rows[i].family);
                free(finding->rows[i].group);
        }
        free(finding);
        return NULL;
}

static char *copy_column(struct query *q, int column)
{
        const char *text = column_text(q, column);

        return strdup(text ? text : "");
}

static int keep_row(struct finding *finding, struct query *q, struct err *err)
{
        struct found *row = &finding->rows[finding->count];

        for (int i = 0; i < finding->count; i++)
                if (strcmp(finding->rows[i].id, column_text(q, 0)) == 0)
                        return 0;
        *row = (struct found){.id = copy_column(q, 0),
                              .given = copy_column(q, 1),
                              .family = copy_column(q, 2),
                              .group = copy_column(q, 4),
                              .grade = (int)column_int_or(q, 5, 0),
                              .is_protected = column_int(q, 3)};
        finding->count++;
        return row->id && row->given && row->family && row->group
                   ? 0
                   : err_set(err, ERR_NOMEM, "pupils: out of memory");
}

static int keep_rows(struct finding *finding, struct query *q, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0 && finding->count < (int)ARRAY_SIZE(finding->rows)) {
                r = keep_row(finding, q, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r < 0 ? r : 0;
}

static int compare_names(const void *left, const void *right)
{
        const struct found *a = left, *b = right;
        int order = strcmp(a->family, b->family);

        if (order == 0)
                order = strcmp(a->given, b->given);
        return order ? order : strcmp(a->id, b->id);
}

static int tell(struct finding *finding, desk_pupil_fn each, void *context, struct err *err)
{
        int r = 0;

        qsort(finding->rows, (size_t)finding->count, sizeof finding->rows[0], compare_names);
        for (int i = 0; i < finding->count && i <= DESK_PUPILS_MAX && r >= 0; i++) {
                const struct found *row = &finding->rows[i];
                const struct desk_pupil_row told = {row->id,    row->given, row->family,
                                                    row->group, row->grade, row->is_protected};

                r = each(context, &told, err);
        }
        return r < 0 ? r : 0;
}

/* ---- by name */

struct search {
        struct db *db;
        const char *scope, *today;
        struct prefix first, second; /* second: of the other name; count 0: there is none */
        bool is_small;               /* the scope is read whole */
        struct finding *finding;
        struct err *err;
};

/* Both ways round: a word of the given and one of the family name, whichever is typed first. */
static const char by_family[] =
    "SELECT " ROW " FROM person p WHERE lower(p.family) >= ?3 AND lower(p.family) <= ?4"
    "   AND (?5 = '' OR lower(p.given) >= ?5 AND lower(p.given) <= ?6) AND " IS_HERE " AND " IN_SCOPE
    " ORDER BY lower(p.family), lower(p.given) LIMIT ?7";
static const char by_given[] =
    "SELECT " ROW " FROM person p WHERE lower(p.given) >= ?3 AND lower(p.given) <= ?4"
    "   AND (?5 = '' OR lower(p.family) >= ?5 AND lower(p.family) <= ?6) AND " IS_HERE " AND " IN_SCOPE
    " ORDER BY lower(p.given), lower(p.family) LIMIT ?7";
static const char in_small[] =
    "SELECT " ROW " FROM (SELECT DISTINCT r.person FROM organisation_tree t"
    "   CROSS JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil' AND r.first_day <= ?2"
    "    AND (r.last_day IS NULL OR r.last_day >= ?2)"
    "   WHERE t.ancestor IN (SELECT value FROM json_each(?1))) x CROSS JOIN person p ON p.id = x.person"
    " WHERE " IS_HERE " AND ((lower(p.family) >= ?3 AND lower(p.family) <= ?4"
    "    AND (?5 = '' OR lower(p.given) >= ?5 AND lower(p.given) <= ?6))"
    "   OR (lower(p.given) >= ?3 AND lower(p.given) <= ?4"
    "    AND (?5 = '' OR lower(p.family) >= ?5 AND lower(p.family) <= ?6)))"
    " ORDER BY lower(p.family), lower(p.given) LIMIT ?7";

static int ask(struct search *search, const char *sql, int first, int second)
{
        struct query q;

        query_start(&q, search->db, sql, search->err);
        query_text(&q, search->scope);
        query_text(&q, search->today);
        query_text(&q, search->first.from[first]);
        query_text(&q, search->first.until[first]);
        query_text(&q, search->second.count ? search->second.from[second] : "");
        query_text(&q, search->second.count ? search->second.until[second] : "");
        query_int(&q, DESK_PUPILS_MAX + 1);
        return keep_rows(search->finding, &q, search->err);
}

static int ask_all_ways(struct search *search)
{
        int r = 0, seconds = search->second.count ? search->second.count : 1;

        for (int i = 0; i < search->first.count && r == 0; i++)
                for (int j = 0; j < seconds && r == 0; j++) {
                        if (search->is_small) {
                                r = ask(search, in_small, i, j);
                                continue;
                        }
                        r = ask(search, by_family, i, j);
                        if (r == 0)
                                r = ask(search, by_given, i, j);
                }
        return r;
}

static int is_small_scope(struct db *db, const char *scope, struct err *err)
{
        struct query q;
        int64_t count = 0;
        int r;

        query_start(&q, db,
                    "SELECT count(*) FROM (SELECT 1 FROM organisation_tree t"
                    "   CROSS JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'"
                    "  WHERE t.ancestor IN (SELECT value FROM json_each(?1)) LIMIT ?2)",
                    err);
        query_text(&q, scope);
        query_int(&q, DESK_PUPILS_FEW + 1);
        r = query_row(&q);
        if (r > 0)
                count = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : count <= DESK_PUPILS_FEW;
}

int desk_pupil_find(struct db *db, const char *scope, const char *today, const char *like, desk_pupil_fn each,
                    void *context, struct err *err)
{
        struct search search = {.db = db, .scope = scope, .today = today, .err = err};
        size_t length = strlen(like);
        const char *space = strchr(like, ' ');
        int r;

        if (length > DESK_LIKE_MAX_BYTES || !make_prefix(like, length, &search.first))
                return 0;
        r = is_small_scope(db, scope, err);
        if (r < 0)
                return r;
        search.is_small = r;
        search.finding = calloc(1, sizeof *search.finding);
        if (!search.finding)
                return err_set(err, ERR_NOMEM, "pupils: out of memory");
        r = ask_all_ways(&search);
        if (r == 0 && space && space[1] && make_prefix(like, (size_t)(space - like), &search.first) &&
            make_prefix(space + 1, strlen(space + 1), &search.second))
                r = ask_all_ways(&search);
        if (r == 0)
                r = tell(search.finding, each, context, err);
        finding_free(search.finding);
        return r;
}

/* ---- by group */

int desk_pupil_group(struct db *db, const char *group, const char *today, desk_pupil_fn each, void *context,
                     struct err *err)
{
        struct finding *finding = calloc(1, sizeof *finding);
        struct query q;
        int r;

        if (!finding)
                return err_set(err, ERR_NOMEM, "pupils: out of memory");
        query_start(&q, db,
                    "SELECT DISTINCT " ROW " FROM role g CROSS JOIN person p ON p.id = g.person"
                    " WHERE g.organisation = ?1 AND g.role = 'pupil' AND g.first_day <= ?2"
                    "   AND (g.last_day IS NULL OR g.last_day >= ?2) AND " IS_HERE
                    " ORDER BY p.family, p.given LIMIT ?3",
                    err);
        query_text(&q, group);
        query_text(&q, today);
        query_int(&q, DESK_PUPILS_MAX + 1);
        r = keep_rows(finding, &q, err);
        if (r == 0)
                r = tell(finding, each, context, err);
        finding_free(finding);
        return r;
}

int desk_group_each(struct db *db, const char *scope, const char *today,
                    int (*each)(void *context, const char *id, const char *name, const char *school,
                                int64_t pupils, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT g.id, g.name, g.school, (SELECT count(DISTINCT r.person) FROM role r"
            "    WHERE r.organisation = g.id AND r.role = 'pupil' AND r.first_day <= ?2"
            "      AND (r.last_day IS NULL OR r.last_day >= ?2)) FROM ("
            "  SELECT DISTINCT o.id, o.name, (SELECT s.name FROM organisation_tree u"
            "     CROSS JOIN organisation s ON s.id = u.ancestor AND s.kind = 'school'"
            "    WHERE u.descendant = o.id AND u.distance > 0 ORDER BY u.distance LIMIT 1) AS school"
            "    FROM organisation_tree t CROSS JOIN organisation o ON o.id = t.descendant"
            "   WHERE t.ancestor IN (SELECT value FROM json_each(?1)) AND (o.ended IS NULL OR o.ended > ?2)"
            "     AND EXISTS (SELECT 1 FROM role r WHERE r.organisation = o.id AND r.role = 'pupil'"
            "          AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2))"
            "   ORDER BY 3, 2, 1 LIMIT ?3) g",
            err);
        query_text(&q, scope);
        query_text(&q, today);
        query_int(&q, DESK_GROUPS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), column_text(&q, 2),
                         column_int(&q, 3), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* ---- everybody */

/* ?6: the scope. */
#define UNDER                                                              \
        " CROSS JOIN organisation_tree t ON t.descendant = r.organisation" \
        "   AND t.ancestor IN (SELECT value FROM json_each(?6))"
#define BELONGS                                                                                      \
        "(EXISTS (SELECT 1 FROM role r" UNDER " WHERE r.person = p.id)"                              \
        " OR EXISTS (SELECT 1 FROM guardian g CROSS JOIN role r ON r.person = g.pupil AND r.role = " \
        "'pupil'" UNDER " WHERE g.guardian = p.id)"                                                  \
        " OR EXISTS (SELECT 1 FROM carer c CROSS JOIN role r ON r.person = c.pupil AND r.role = "    \
        "'pupil'" UNDER " WHERE c.carer = p.id)"                                                     \
        " OR EXISTS (SELECT 1 FROM workplace_supervisor s CROSS JOIN placement l ON l.workplace = "  \
        "s.workplace"                                                                                \
        "  CROSS JOIN role r ON r.person = l.pupil AND r.role = 'pupil'" UNDER " WHERE s.person = p.id))"

struct people {
        struct db *db;
        const char *scope;
        bool is_small; /* the scope is read whole */
        json_t *ids;
        int limit;
        struct err *err;
};

static const char people_by_family[] =
    "SELECT p.id FROM person p WHERE lower(p.family) >= ?1 AND lower(p.family) <= ?2"
    "   AND (?3 = '' OR lower(p.given) >= ?3 AND lower(p.given) <= ?4) AND " BELONGS " LIMIT ?5";
static const char people_by_given[] =
    "SELECT p.id FROM person p WHERE lower(p.given) >= ?1 AND lower(p.given) <= ?2"
    "   AND (?3 = '' OR lower(p.family) >= ?3 AND lower(p.family) <= ?4) AND " BELONGS " LIMIT ?5";

/* The same of a scope that is read whole. */
#define PUPILS_UNDER \
        "organisation_tree t CROSS JOIN role r ON r.organisation = t.descendant AND r.role = 'pupil'"
#define IN_IT " WHERE t.ancestor IN (SELECT value FROM json_each(?6))"
static const char people_in_small[] =
    "SELECT p.id FROM (SELECT r.person AS id FROM organisation_tree t"
    "    CROSS JOIN role r ON r.organisation = t.descendant" IN_IT
    "  UNION SELECT g.guardian FROM " PUPILS_UNDER " CROSS JOIN guardian g ON g.pupil = r.person" IN_IT
    "  UNION SELECT c.carer FROM " PUPILS_UNDER " CROSS JOIN carer c ON c.pupil = r.person" IN_IT
    "  UNION SELECT s.person FROM " PUPILS_UNDER " CROSS JOIN placement l ON l.pupil = r.person"
    "    CROSS JOIN workplace_supervisor s ON s.workplace = l.workplace" IN_IT
    "  ) x CROSS JOIN person p ON p.id = x.id"
    " WHERE lower(p.family) >= ?1 AND lower(p.family) <= ?2"
    "   AND (?3 = '' OR lower(p.given) >= ?3 AND lower(p.given) <= ?4)"
    "    OR lower(p.given) >= ?1 AND lower(p.given) <= ?2"
    "   AND (?3 = '' OR lower(p.family) >= ?3 AND lower(p.family) <= ?4) LIMIT ?5";

static bool has_id(const json_t *ids, const char *id)
{
        for (size_t i = 0; i < json_array_size(ids); i++)
                if (strcmp(json_string_value(json_array_get(ids, i)), id) == 0)
                        return true;
        return false;
}

static int add_people(struct people *people, const char *sql, const struct prefix *first, int way,
                      const struct prefix *second, int second_way)
{
        struct query q;
        int r = 1;

        query_start(&q, people->db, sql, people->err);
        query_text(&q, first->from[way]);
        query_text(&q, first->until[way]);
        query_text(&q, second ? second->from[second_way] : "");
        query_text(&q, second ? second->until[second_way] : "");
        query_int(&q, people->limit);
        query_text(&q, people->scope);
        while ((int)json_array_size(people->ids) < people->limit && (r = query_row(&q)) > 0)
                if (!has_id(people->ids, column_text(&q, 0)))
                        json_array_append_new(people->ids, json_string(column_text(&q, 0)));
        query_end(&q);
        return r < 0 ? r : 0;
}

static int add_both(struct people *people, const struct prefix *first, int way, const struct prefix *second,
                    int second_way)
{
        int r;

        if (people->is_small)
                return add_people(people, people_in_small, first, way, second, second_way);
        r = add_people(people, people_by_family, first, way, second, second_way);
        return r < 0 ? r : add_people(people, people_by_given, first, way, second, second_way);
}

int desk_people_find(struct db *db, const char *scope, const char *like, int limit, struct buf *json,
                     int *ret_count, struct err *err)
{
        struct people people = {.db = db, .scope = scope, .ids = json_array(), .limit = limit, .err = err};
        const char *space = strchr(like, ' ');
        struct prefix whole, first, second;
        char *text;
        int r = is_small_scope(db, scope, err);

        people.is_small = r > 0;
        r = r < 0 ? r : 0;
        if (r == 0 && strlen(like) <= DESK_LIKE_MAX_BYTES && make_prefix(like, strlen(like), &whole))
                for (int i = 0; i < whole.count && r == 0; i++)
                        r = add_both(&people, &whole, i, NULL, 0);
        if (r == 0 && space && space[1] && strlen(like) <= DESK_LIKE_MAX_BYTES &&
            make_prefix(like, (size_t)(space - like), &first) &&
            make_prefix(space + 1, strlen(space + 1), &second))
                for (int i = 0; i < first.count * second.count && r == 0; i++)
                        r = add_both(&people, &first, i / second.count, &second, i % second.count);
        *ret_count = (int)json_array_size(people.ids);
        text = json_dumps(people.ids, JSON_COMPACT);
        json_decref(people.ids);
        if (r == 0 && !text)
                r = err_set(err, ERR_NOMEM, "people: out of memory");
        if (r == 0)
                r = buf_adds(json, text) < 0 ? err_set(err, buf_error(json), "people: too many") : 0;
        free(text);
        return r;
}
