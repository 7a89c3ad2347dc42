#include "store/recipient.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

struct word {
        const char *name;
        int (*find)(struct db *db, const struct word *word, const struct recipient_scope *scope,
                    struct recipient_list *list, struct err *err);
        const char *role; /* of staff words */
};

/* A restricted guardian learns nothing of the pupil, whatever else they are: the pupil's teacher, carer or
 * supervisor too. 1: barred. */
static int is_barred(struct db *db, const struct recipient_scope *scope, const char *person, struct err *err)
{
        struct query q;
        int r;

        if (!scope->pupil)
                return 0;
        query_start(&q, db, "SELECT 1 FROM guardian WHERE pupil = ? AND guardian = ? AND restricted = 1",
                    err);
        query_text(&q, scope->pupil);
        query_text(&q, person);
        r = query_row(&q);
        query_end(&q);
        return r;
}

static int add(struct recipient_list *list, const char *person, int rank, bool is_staff, struct err *err)
{
        for (int i = 0; i < list->count; i++)
                if (strcmp(list->items[i].person, person) == 0)
                        return 0;
        if (list->count == RECIPIENT_MAX)
                return err_set(err, ERR_LIMIT,
                               "recipients: a word means more than %d people: narrow the rule",
                               RECIPIENT_MAX);
        snprintf(list->items[list->count].person, RECIPIENT_ID_MAX, "%s", person);
        list->items[list->count].rank = rank;
        list->items[list->count++].is_staff = is_staff;
        return 0;
}

static int add_unless_barred(struct db *db, const struct recipient_scope *scope, const char *person,
                             bool is_staff, struct recipient_list *list, struct err *err)
{
        int r;

        if (!person)
                return 0;
        r = is_barred(db, scope, person, err);
        if (r != 0)
                return r < 0 ? r : 0;
        return add(list, person, 0, is_staff, err);
}

/* Rows of (person, rank), to the end. */
static int collect(struct query *q, const struct recipient_scope *scope, struct recipient_list *list,
                   bool is_staff, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                r = is_barred(q->db, scope, column_text(q, 0), err);
                if (r == 0)
                        r = add(list, column_text(q, 0), (int)column_int(q, 1), is_staff, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r < 0 ? r : 0;
}

/* ---- staff */

static int find_role(struct db *db, const char *role, const struct recipient_scope *scope,
                     struct recipient_list *list, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "WITH holders AS ("
            "  SELECT r.person, t.distance FROM organisation_tree t"
            "    JOIN role r ON r.organisation = t.ancestor AND r.role = ?2"
            "    JOIN person p ON p.id = r.person AND p.ended IS NULL"
            "   WHERE t.descendant = ?1 AND r.first_day <= ?3 AND (r.last_day IS NULL OR r.last_day >= ?3))"
            "SELECT DISTINCT person, 0 FROM holders WHERE distance = (SELECT min(distance) FROM"
            "   (SELECT distance FROM holders GROUP BY distance HAVING count(DISTINCT person) <= ?4))"
            " ORDER BY person",
            err);
        query_text(&q, scope->organisation);
        query_text(&q, role);
        query_text(&q, scope->day);
        query_int(&q, RECIPIENT_CROWD);
        return collect(&q, scope, list, true, err);
}

/* Everybody with the role in the municipality: the last resort. */
static int find_in_municipality(struct db *db, const char *role, const struct recipient_scope *scope,
                                struct recipient_list *list, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT DISTINCT r.person, 0 FROM organisation_calendar c"
            "  CROSS JOIN role r INDEXED BY role_staff ON r.role = ?2 AND r.role <> 'pupil'"
            "  CROSS JOIN organisation_tree t ON t.descendant = r.organisation AND t.ancestor = c.tenant"
            "  JOIN person p ON p.id = r.person AND p.ended IS NULL"
            " WHERE c.organisation = ?1 AND r.first_day <= ?3 AND (r.last_day IS NULL OR r.last_day >= ?3)"
            " ORDER BY r.person LIMIT ?4",
            err);
        query_text(&q, scope->organisation);
        query_text(&q, role);
        query_text(&q, scope->day);
        query_int(&q, RECIPIENT_CROWD);
        return collect(&q, scope, list, true, err);
}

static int fall_back(struct db *db, const struct recipient_scope *scope, struct recipient_list *list,
                     struct err *err)
{
        int r = 0;

        if (list->count == 0)
                r = find_in_municipality(db, "duty-phone", scope, list, err);
        if (r == 0 && list->count == 0)
                r = find_in_municipality(db, "principal", scope, list, err);
        return r;
}

static int find_staff(struct db *db, const struct word *word, const struct recipient_scope *scope,
                      struct recipient_list *list, struct err *err)
{
        int r = find_role(db, word->role, scope, list, err);

        return r < 0 ? r : fall_back(db, scope, list, err);
}

static int find_several(struct db *db, const char *const *roles, const struct recipient_scope *scope,
                        struct recipient_list *list, struct err *err)
{
        int r = 0;

        for (; *roles && r == 0; roles++)
                r = find_role(db, *roles, scope, list, err);
        return r < 0 ? r : fall_back(db, scope, list, err);
}

static int find_team(struct db *db, const struct word *word, const struct recipient_scope *scope,
                     struct recipient_list *list, struct err *err)
{
        static const char *const roles[] = {"teacher", "coach", "curator", NULL};

        (void)word;
        return find_several(db, roles, scope, list, err);
}

static int find_group_staff(struct db *db, const struct word *word, const struct recipient_scope *scope,
                            struct recipient_list *list, struct err *err)
{
        static const char *const roles[] = {"teacher", "coach", NULL};

        (void)word;
        return find_several(db, roles, scope, list, err);
}

int recipient_find_role(struct db *db, const char *role, const struct recipient_scope *scope,
                        struct recipient_list *ret_list, struct err *err)
{
        ret_list->count = 0;
        return find_role(db, role, scope, ret_list, err);
}

/* Whoever owns the case, as long as they work there; else who has the owner's role now. */
static int find_owner(struct db *db, const struct word *word, const struct recipient_scope *scope,
                      struct recipient_list *list, struct err *err)
{
        char role[32] = "";
        struct query q;
        int r;

        (void)word;
        query_start(
            &q, db,
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM role r JOIN person p ON p.id = r.person AND p.ended IS "
            "NULL"
            "    WHERE r.person = c.owner AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2))"
            "  THEN c.owner END, c.owner_role FROM case_file c WHERE c.id = ?1",
            err);
        query_text(&q, scope->case_id);
        query_text(&q, scope->day);
        r = query_row(&q);
        if (r > 0) {
                snprintf(role, sizeof role, "%s", column_text(&q, 1));
                r = add_unless_barred(db, scope, column_text(&q, 0), true, list, err);
        }
        query_end(&q);
        if (r == 0 && list->count == 0)
                r = find_role(db, role, scope, list, err);
        return r < 0 ? r : fall_back(db, scope, list, err);
}

static int find_stand_in(struct db *db, const struct word *word, const struct recipient_scope *scope,
                         struct recipient_list *list, struct err *err)
{
        struct query q;

        (void)word;
        query_start(&q, db,
                    "SELECT c.substitute, 0 FROM case_file c JOIN person p ON p.id = c.substitute"
                    " WHERE c.id = ? AND p.ended IS NULL",
                    err);
        query_text(&q, scope->case_id);
        return collect(&q, scope, list, true, err);
}

/* Every teacher of the organisation and of those below it, at most as many as a word may mean. */
static int find_teachers(struct db *db, const struct word *word, const struct recipient_scope *scope,
                         struct recipient_list *list, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT DISTINCT r.person, 0 FROM organisation_tree t"
            "  JOIN role r ON r.organisation = t.descendant AND r.role = 'teacher'"
            "  JOIN person p ON p.id = r.person AND p.ended IS NULL"
            " WHERE t.ancestor = ?1 AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2)"
            " ORDER BY r.person LIMIT 64",
            err);
        query_text(&q, scope->organisation);
        query_text(&q, scope->day);
        r = collect(&q, scope, list, true, err);
        return r < 0 || list->count ? r : find_staff(db, word, scope, list, err);
}

/* The teachers of the municipality that a workplace lies in; without any, those who stand above them there.
 */
static int find_host_teacher(struct db *db, const struct word *word, const struct recipient_scope *scope,
                             struct recipient_list *list, struct err *err)
{
        struct recipient_scope host = *scope;
        char organisation[RECIPIENT_ID_MAX] = "";
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation FROM workplace WHERE id = ?", err);
        query_text(&q, scope->workplace);
        r = query_row(&q);
        if (r > 0)
                snprintf(organisation, sizeof organisation, "%s", column_text(&q, 0));
        query_end(&q);
        if (r <= 0)
                return r;
        host.organisation = organisation;
        r = find_role(db, word->role, &host, list, err);
        if (r == 0 && list->count == 0)
                r = find_in_municipality(db, word->role, &host, list, err);
        if (r == 0 && list->count == 0)
                r = find_role(db, "coordinator", &host, list, err);
        return r < 0 ? r : fall_back(db, &host, list, err);
}

/* ---- the others */

static int find_guardians(struct db *db, const struct word *word, const struct recipient_scope *scope,
                          struct recipient_list *list, struct err *err)
{
        struct query q;
        int r;

        (void)word;
        query_start(
            &q, db,
            "WITH told AS ("
            "  SELECT g.guardian AS person, g.rank FROM guardian g"
            "   WHERE g.pupil = ?1 AND g.notify = 1 AND g.restricted = 0 AND g.emergency_only = 0 AND "
            "g.ended IS NULL"
            "     AND NOT EXISTS (SELECT 1 FROM carer c WHERE c.pupil = ?1 AND c.instead = 1 AND c.ended IS "
            "NULL)),"
            "carers AS ("
            "  SELECT c.carer AS person, coalesce((SELECT min(rank) FROM told), 1) AS rank FROM carer c"
            "   WHERE c.pupil = ?1 AND c.ended IS NULL"
            "     AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = ?1 AND g.guardian = c.carer"
            "                        AND g.restricted = 1))"
            "SELECT t.person, t.rank FROM (SELECT * FROM told UNION ALL SELECT * FROM carers) t"
            "  JOIN person p ON p.id = t.person AND p.ended IS NULL ORDER BY t.rank, t.person",
            err);
        query_text(&q, scope->pupil);
        r = collect(&q, scope, list, false, err);
        return r == 0 && scope->urgent ? fall_back(db, scope, list, err) : r;
}

static int find_pupil(struct db *db, const struct word *word, const struct recipient_scope *scope,
                      struct recipient_list *list, struct err *err)
{
        (void)word;
        return add_unless_barred(db, scope, scope->pupil, false, list, err);
}

/* Who is of the pupil's home is not staff here, whatever else they are. */
static int find_recipient(struct db *db, const struct word *word, const struct recipient_scope *scope,
                          struct recipient_list *list, struct err *err)
{
        bool is_staff = false;
        struct query q;
        int r;

        (void)word;
        query_start(&q, db,
                    "SELECT EXISTS (SELECT 1 FROM role r WHERE r.person = ?1 AND r.role NOT IN ('pupil', "
                    "'supervisor')"
                    "                  AND r.first_day <= ?3 AND (r.last_day IS NULL OR r.last_day >= ?3))"
                    "   AND ?1 IS NOT ?2"
                    "   AND NOT EXISTS (SELECT 1 FROM guardian g WHERE g.pupil = ?2 AND g.guardian = ?1)"
                    "   AND NOT EXISTS (SELECT 1 FROM carer c WHERE c.pupil = ?2 AND c.carer = ?1)",
                    err);
        query_text(&q, scope->recipient);
        query_text(&q, scope->pupil);
        query_text(&q, scope->day);
        r = query_row(&q);
        if (r > 0)
                is_staff = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : add_unless_barred(db, scope, scope->recipient, is_staff, list, err);
}

static int find_supervisor(struct db *db, const struct word *word, const struct recipient_scope *scope,
                           struct recipient_list *list, struct err *err)
{
        (void)word;
        return add_unless_barred(db, scope, scope->supervisor, false, list, err);
}

/* Whom a match, or one that followed from it, has reached or may have: whatever has left. Whoever was
 * restricted meanwhile is left out. Who is of the pupil's home is not staff here, whatever else they are. */
static int find_told(struct db *db, const struct word *word, const struct recipient_scope *scope,
                     struct recipient_list *list, struct err *err)
{
        struct query q;
        int r;

        (void)word;
        query_start(
            &q, db,
            "SELECT DISTINCT n.person, x.pupil IS NULL AND n.person IS NOT m.pupil AND EXISTS ("
            "    SELECT 1 FROM role r WHERE r.person = n.person AND r.role NOT IN ('pupil', 'supervisor'))"
            "  FROM notice n JOIN message_notice mn ON mn.notice = n.id"
            "  JOIN message g ON g.id = mn.message AND g.state IN ('leased', 'accepted', 'delivered', "
            "'unknown')"
            "  JOIN rule_match m ON m.id = n.match"
            "  LEFT JOIN guardian x ON x.pupil = m.pupil AND x.guardian = n.person"
            " WHERE (n.match = ?1 OR n.match IN ("
            "    SELECT f.id FROM rule_match t JOIN rule_match f ON f.kind = t.kind AND f.subject = t.subject"
            "       AND f.id > t.id AND f.facts ->> 'told_of' = t.id WHERE t.id = ?1)) AND (x.pupil IS NULL "
            "OR (x.restricted = 0 AND x.notify = 1 AND x.ended IS "
            "NULL) OR (x.restricted = 0 AND EXISTS (SELECT 1 FROM carer c WHERE c.pupil = m.pupil"
            "   AND c.carer = n.person AND c.ended IS NULL)))"
            " ORDER BY n.person",
            err);
        query_int(&q, scope->told_of);
        while ((r = query_row(&q)) > 0) {
                r = add(list, column_text(&q, 0), 0, column_int(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

/* Who made the marks that the match tells of; where the register names nobody of the roster, the teacher. */
static int find_markers(struct db *db, const struct word *word, const struct recipient_scope *scope,
                        struct recipient_list *list, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT DISTINCT p.id, EXISTS ("
            "    SELECT 1 FROM role r WHERE r.person = p.id AND r.role NOT IN ('pupil', 'supervisor'))"
            "  FROM match_mark k JOIN attendance_mark a ON a.id = k.mark"
            "  JOIN person p ON p.id = a.by AND p.ended IS NULL"
            " WHERE k.match = ?1 AND EXISTS ("
            "    SELECT 1 FROM role r WHERE r.person = p.id AND r.role <> 'pupil' AND r.first_day <= ?2"
            "       AND (r.last_day IS NULL OR r.last_day >= ?2)"
            "    UNION ALL SELECT 1 FROM workplace_supervisor s WHERE s.person = p.id)"
            " ORDER BY p.id",
            err);
        query_int(&q, scope->match);
        query_text(&q, scope->day);
        while ((r = query_row(&q)) > 0) {
                r = add(list, column_text(&q, 0), 0, column_int(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        if (r < 0 || list->count)
                return r;
        return find_staff(db, word, scope, list, err);
}

/* Keep in alphabetical order: one line a word. */
static const struct word word_table[] = {
    {"coach", find_staff, "coach"},
    {"coordinator", find_staff, "coordinator"},
    {"curator", find_staff, "curator"},
    {"duty-phone", find_staff, "duty-phone"},
    {"group-staff", find_group_staff, NULL},
    {"guardians", find_guardians, NULL},
    {"host-teacher", find_host_teacher, "teacher"},
    {"markers", find_markers, "teacher"},
    {"owner", find_owner, NULL},
    {"principal", find_staff, "principal"},
    {"pupil", find_pupil, NULL},
    {"recipient", find_recipient, NULL},
    {"secretary", find_staff, "secretary"},
    {"stand-in", find_stand_in, NULL},
    {"substitute", find_staff, "substitute"},
    {"supervisor", find_supervisor, NULL},
    {"teacher", find_staff, "teacher"},
    {"teachers", find_teachers, "teacher"},
    {"team", find_team, NULL},
    {"told", find_told, NULL},
};

static const struct word *find_word(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(word_table); i++)
                if (strcmp(word_table[i].name, name) == 0)
                        return &word_table[i];
        return NULL;
}

bool recipient_is_word(const char *word)
{
        return find_word(word) != NULL;
}

int recipient_find(struct db *db, const char *word, const struct recipient_scope *scope,
                   struct recipient_list *ret_list, struct err *err)
{
        const struct word *entry = find_word(word);

        ret_list->count = 0;
        return entry ? entry->find(db, entry, scope, ret_list, err)
                     : err_set(err, ERR_INVALID, "recipients: %.40s: means nobody", word);
}

/* ---- people */

int contact_find(struct db *db, const char *person, const char *channel, const struct contact_wish *wish,
                 char **ret_address, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT value FROM contact c WHERE person = ?1 AND channel = ?2 AND state = 'good' AND safe >= ?3"
            "   AND (?4 OR NOT EXISTS (SELECT 1 FROM contact_stop s"
            "                           WHERE s.channel = c.channel AND s.value = c.value))"
            " ORDER BY position, value LIMIT 1",
            err);
        query_text(&q, person);
        query_text(&q, channel);
        query_int(&q, wish->safe_only);
        query_int(&q, wish->urgent);
        r = query_row(&q);
        if (r > 0) {
                *ret_address = strdup(column_text(&q, 0));
                if (!*ret_address)
                        r = err_set(err, ERR_NOMEM, "recipients: out of memory");
        }
        query_end(&q);
        return r;
}

int contact_is_stopped(struct db *db, const char *person, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT 1 FROM contact c JOIN contact_stop s ON s.channel = c.channel AND s.value = c.value"
            " WHERE c.person = ? AND c.state = 'good' LIMIT 1",
            err);
        query_text(&q, person);
        r = query_row(&q);
        query_end(&q);
        return r;
}

static char *copy_column(struct query *q, int column)
{
        const char *text = column_text(q, column);

        return text ? strdup(text) : NULL;
}

int recipient_person_get(struct db *db, const char *person, int64_t now_utc,
                         struct recipient_person *ret_person, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT given, language, timezone, protected, ended IS NOT NULL, EXISTS ("
                    "   SELECT 1 FROM hold h WHERE h.kind = 'person' AND h.subject = ?1 AND h.starts <= ?2"
                    "      AND (h.ends IS NULL OR h.ends > ?2))"
                    "  FROM person WHERE id = ?1",
                    err);
        query_text(&q, person);
        query_int(&q, now_utc);
        r = query_row(&q);
        if (r > 0) {
                *ret_person = (struct recipient_person){
                    .given = copy_column(&q, 0),
                    .language = copy_column(&q, 1),
                    .timezone = copy_column(&q, 2),
                    .is_protected = column_int(&q, 3),
                    .has_ended = column_int(&q, 4),
                    .is_held = column_int(&q, 5),
                };
                r = ret_person->given ? 0 : err_set(err, ERR_NOMEM, "recipients: out of memory");
        } else if (r == 0) {
                r = err_set(err, ERR_NOT_FOUND, "recipients: no such person");
        }
        query_end(&q);
        return r;
}

void recipient_person_fini(struct recipient_person *person)
{
        free(person->given);
        free(person->language);
        free(person->timezone);
        *person = (struct recipient_person){0};
}

static int exists(struct query *q)
{
        int r = query_row(q);

        if (r > 0)
                r = column_int(q, 0) != 0;
        query_end(q);
        return r;
}

int person_choose(struct db *db, const char *person, const char *choice, struct err *err)
{
        struct query q;

        query_start(&q, db, "INSERT OR IGNORE INTO person_choice(person, choice) VALUES (?, ?)", err);
        query_text(&q, person);
        query_text(&q, choice);
        return query_run(&q);
}

int person_has_choice(struct db *db, const char *person, const char *choice, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT EXISTS (SELECT 1 FROM person_choice WHERE person = ? AND choice = ?)",
                    err);
        query_text(&q, person);
        query_text(&q, choice);
        return exists(&q);
}

int person_is_curator(struct db *db, const char *person, const char *day, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT count(*) > 0 AND sum(role <> 'curator') = 0 FROM role WHERE person = ?1"
                    "   AND role NOT IN ('pupil', 'supervisor')"
                    "   AND first_day <= ?2 AND (last_day IS NULL OR last_day >= ?2)",
                    err);
        query_text(&q, person);
        query_text(&q, day);
        return exists(&q);
}

int pupil_is_held(struct db *db, const char *pupil, const char *group, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT EXISTS (SELECT 1 FROM hold WHERE ((kind = 'pupil' AND subject = ?1)"
                    "   OR (kind = 'group' AND subject IN (SELECT ancestor FROM organisation_tree WHERE "
                    "descendant = ?2)))"
                    "   AND starts <= ?3 AND (ends IS NULL OR ends > ?3))",
                    err);
        query_text(&q, pupil);
        query_text(&q, group);
        query_int(&q, now_utc);
        return exists(&q);
}
