#include "store/page_case.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* What is not named here opens nothing. */
static const struct {
        const char *code;
        unsigned parts;
} sees_table[] = {
    {"all",
     CASE_STEPS | CASE_HOURS | CASE_CONTACTS | CASE_NEXT | CASE_PERMISSION | CASE_PLACEMENTS | CASE_PUPIL},
    {"attendance", CASE_STEPS | CASE_HOURS | CASE_PUPIL},
    {"contacts", CASE_CONTACTS | CASE_NEXT | CASE_PUPIL},
    {"number", 0},
    {"permission", CASE_PERMISSION | CASE_PUPIL},
    {"placements", CASE_PLACEMENTS | CASE_PUPIL},
    {"plans", CASE_NEXT | CASE_PUPIL},
    {"steps", CASE_STEPS | CASE_PUPIL},
};

unsigned page_case_sees(const char *sees)
{
        unsigned parts = 0;

        while (*sees) {
                size_t length = strcspn(sees, "-");

                for (size_t i = 0; i < ARRAY_SIZE(sees_table); i++)
                        if (strlen(sees_table[i].code) == length &&
                            strncmp(sees_table[i].code, sees, length) == 0)
                                parts |= sees_table[i].parts;
                sees += length;
                sees += *sees == '-';
        }
        return parts;
}

static void copy(char *to, size_t size, struct query *q, int column)
{
        const char *text = column_text(q, column);

        snprintf(to, size, "%s", text ? text : "");
}

unsigned page_case_acting(void)
{
        return CASE_STEPS | CASE_HOURS | CASE_CONTACTS | CASE_NEXT | CASE_PERMISSION | CASE_PUPIL;
}

const char *page_case_sees_at(int index)
{
        static const char *const choices[] = {"attendance", "contacts", "permission",
                                              "placements", "plans",    "steps"};

        return index >= 0 && (size_t)index < ARRAY_SIZE(choices) ? choices[index] : NULL;
}

/* A protected person's name stands nowhere. */
#define NAME_OF(id) \
        "(SELECT x.given || ' ' || x.family FROM person x WHERE x.id = " id " AND x.protected = 0)"

/* Owners and who stands in hold a role; a support person takes part until they leave. */
int page_case_get(struct db *db, const char *id, const char *person, const char *today,
                  struct page_case *ret_case, struct err *err)
{
        struct page_case found = {0};
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT c.step, c.outcome, (SELECT t.state FROM transfer_permission t WHERE t.pupil = c.pupil),"
            "  c.next_contact, c.owner, c.opened, c.state <> 'opened', c.state = 'closed',"
            "  (?2 = c.owner OR ?2 = c.substitute) AND EXISTS (SELECT 1 FROM role r WHERE r.person = ?2"
            "     AND r.role <> 'pupil' AND r.first_day <= ?3 AND (r.last_day IS NULL OR r.last_day >= ?3))"
            "   AS acts, p.sees, c.substitute, c.pupil, c.owned, coalesce(c.closed, 0), c.urgent,"
            "  " NAME_OF("c.owner") ", " NAME_OF(
                "c.substitute") ""
                                "  FROM case_file c LEFT JOIN case_participant p ON p.case_id = c.id AND "
                                "p.person = ?2"
                                " WHERE c.id = ?1 AND (acts OR p.person IS NOT NULL)",
            err);
        query_text(&q, id);
        query_text(&q, person);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0) {
                const char *sees = column_text(&q, 9);

                copy(found.step, sizeof found.step, &q, 0);
                copy(found.outcome, sizeof found.outcome, &q, 1);
                copy(found.permission, sizeof found.permission, &q, 2);
                copy(found.next_contact, sizeof found.next_contact, &q, 3);
                copy(found.owner, sizeof found.owner, &q, 4);
                found.opened = column_int(&q, 5);
                found.is_acknowledged = column_int(&q, 6);
                found.is_closed = column_int(&q, 7);
                found.may_act = column_int(&q, 8);
                copy(found.stand_in, sizeof found.stand_in, &q, 10);
                copy(found.pupil, sizeof found.pupil, &q, 11);
                found.owned = column_int(&q, 12);
                found.closed = column_int(&q, 13);
                found.is_urgent = column_int(&q, 14);
                copy(found.owner_name, sizeof found.owner_name, &q, 15);
                copy(found.stand_in_name, sizeof found.stand_in_name, &q, 16);
                found.parts = page_case_sees(sees ? sees : "");
                if (found.may_act)
                        found.parts |= page_case_acting();
                *ret_case = found;
        }
        query_end(&q);
        return r;
}

int page_case_steps(struct db *db, const char *id,
                    int (*each)(void *context, const struct page_case_step *step, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.act, x.rule, m.at, coalesce(CASE WHEN json_type(x.facts, '$.absent_hours') IN"
            "   ('integer', 'real') THEN CAST(json_extract(x.facts, '$.absent_hours') AS INTEGER) END, -1)"
            "  FROM case_match m JOIN rule_match x ON x.id = m.match WHERE m.case_id = ?"
            " ORDER BY m.at, m.match LIMIT ?",
            err);
        query_text(&q, id);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct page_case_step step = {.act = column_text(&q, 0),
                                                    .rule = column_text(&q, 1),
                                                    .at = column_int(&q, 2),
                                                    .hours = column_int(&q, 3)};

                r = each(context, &step, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int page_case_acts(struct db *db, const char *id,
                   int (*each)(void *context, const struct page_case_act *act, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT a.act, coalesce(a.outcome, ''), coalesce(a.sees, ''), "
                    "coalesce(a.next_contact, ''), " NAME_OF("a.by") ", " NAME_OF(
                        "a.person") ", a.at  FROM case_act a WHERE a.case_id = ? ORDER BY a.id DESC LIMIT ?",
                    err);
        query_text(&q, id);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                const struct page_case_act act = {.act = column_text(&q, 0),
                                                  .outcome = column_text(&q, 1),
                                                  .sees = column_text(&q, 2),
                                                  .next_contact = column_text(&q, 3),
                                                  .by = column_text(&q, 4),
                                                  .person = column_text(&q, 5),
                                                  .at = column_int(&q, 6)};

                r = each(context, &act, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int page_case_placements(struct db *db, const char *pupil,
                         int (*each)(void *context, const char *workplace, const char *first_day,
                                     const char *last_day, struct err *err),
                         void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT w.name, p.first_day, p.last_day FROM placement p JOIN workplace w ON w.id = "
                    "p.workplace WHERE p.pupil = ? AND p.state = 'planned' ORDER BY p.first_day DESC LIMIT ?",
                    err);
        query_text(&q, pupil);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), column_text(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

/* Rows of person, name, organisation, role, sees, since. */
static int tell_people(struct query *q,
                       int (*each)(void *context, const struct page_case_person *person, struct err *err),
                       void *context, struct err *err)
{
        int r;

        while ((r = query_row(q)) > 0) {
                const struct page_case_person person = {.person = column_text(q, 0),
                                                        .name = column_text(q, 1),
                                                        .where = column_text(q, 2),
                                                        .role = column_text(q, 3),
                                                        .sees = column_text(q, 4),
                                                        .since = column_int(q, 5)};

                r = each(context, &person, err);
                if (r < 0)
                        break;
        }
        query_end(q);
        return r;
}

/* ?2 today */
#define IN_OFFICE " r.role <> 'pupil' AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2)"
#define LIVES " p.protected = 0 AND (p.ended IS NULL OR p.ended > ?2)"

int page_case_heirs(struct db *db, const char *id, const char *today,
                    int (*each)(void *context, const struct page_case_person *person, struct err *err),
                    void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "WITH heir(person) AS (SELECT r.person FROM role r WHERE r.role = 'curator' AND" IN_OFFICE
                    "  UNION SELECT c.substitute FROM case_file c JOIN role r ON r.person = c.substitute"
                    "   WHERE c.id = ?1 AND" IN_OFFICE ")"
                    "SELECT p.id, p.given || ' ' || p.family AS name, min(o.name), min(r.role), '', 0"
                    "  FROM heir h JOIN person p ON p.id = h.person AND" LIVES
                    "  JOIN role r ON r.person = p.id AND" IN_OFFICE
                    "  JOIN organisation o ON o.id = r.organisation"
                    " WHERE p.id IS NOT (SELECT c.owner FROM case_file c WHERE c.id = ?1)"
                    " GROUP BY p.id ORDER BY name, p.id LIMIT ?3",
                    err);
        query_text(&q, id);
        query_text(&q, today);
        query_int(&q, PAGE_CASE_PEOPLE_MAX);
        return tell_people(&q, each, context, err);
}

int page_case_helpers(struct db *db, const char *id, const char *today,
                      int (*each)(void *context, const struct page_case_person *person, struct err *err),
                      void *context, struct err *err)
{
        struct query q;

        query_start(
            &q, db,
            "SELECT p.id, p.given || ' ' || p.family AS name, o.name, min(r.role), '', 0"
            "  FROM case_file c JOIN organisation_tree t ON t.descendant = c.organisation"
            "  JOIN role r ON r.organisation = t.ancestor AND" IN_OFFICE
            "  JOIN person p ON p.id = r.person AND" LIVES "  JOIN organisation o ON o.id = r.organisation"
            " WHERE c.id = ?1 AND p.id IS NOT c.owner AND NOT EXISTS (SELECT 1 FROM case_participant k"
            "   WHERE k.case_id = c.id AND k.person = p.id)"
            " GROUP BY p.id ORDER BY min(t.distance), name, p.id LIMIT ?3",
            err);
        query_text(&q, id);
        query_text(&q, today);
        query_int(&q, PAGE_CASE_PEOPLE_MAX);
        return tell_people(&q, each, context, err);
}

int page_case_participants(struct db *db, const char *id,
                           int (*each)(void *context, const struct page_case_person *person, struct err *err),
                           void *context, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT k.person, " NAME_OF(
                        "k.person") ", NULL, NULL, coalesce(k.sees, ''), k.since FROM case_participant k"
                                    " WHERE k.case_id = ? ORDER BY k.since, k.person LIMIT ?",
                    err);
        query_text(&q, id);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        return tell_people(&q, each, context, err);
}

static int forget_old(struct db *db, int64_t now_utc, struct err *err)
{
        struct query q;

        query_start(&q, db, "DELETE FROM case_session WHERE expires <= ?", err);
        query_int(&q, now_utc);
        return query_run(&q);
}

int case_session_make(struct db *db, int64_t now_utc, const uint8_t link[static PAGE_HASH_BYTES],
                      char ret_token[static PAGE_TOKEN_MAX], struct err *err)
{
        uint8_t bytes[PAGE_TOKEN_BYTES], hash[PAGE_HASH_BYTES];
        struct query q;
        int r = forget_old(db, now_utc, err);

        if (r < 0)
                return r;
        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "session: no random numbers: try again");
        page_token_encode(bytes, ret_token);
        if (!page_token_hash(ret_token, hash))
                return err_set(err, ERR_IO, "session: SHA-256 failed: try again");
        query_start(&q, db, "INSERT INTO case_session(hash, link, created, expires) VALUES (?, ?, ?, ?)",
                    err);
        query_blob(&q, hash, sizeof hash);
        query_blob(&q, link, PAGE_HASH_BYTES);
        query_int(&q, now_utc);
        query_int(&q, now_utc + CASE_SESSION_LIFE_S);
        return query_run(&q);
}

int case_session_stands(struct db *db, int64_t now_utc, const uint8_t link[static PAGE_HASH_BYTES],
                        const char *token, struct err *err)
{
        uint8_t hash[PAGE_HASH_BYTES];
        struct query q;

        if (!page_token_hash(token, hash))
                return 0;
        query_start(&q, db, "SELECT 1 FROM case_session WHERE hash = ? AND link = ? AND expires > ?", err);
        query_blob(&q, hash, sizeof hash);
        query_blob(&q, link, PAGE_HASH_BYTES);
        query_int(&q, now_utc);
        return put_exists(&q);
}
