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
            "   AS acts, p.person IS NOT NULL, p.sees"
            "  FROM case_file c LEFT JOIN case_participant p ON p.case_id = c.id AND p.person = ?2"
            " WHERE c.id = ?1 AND (acts OR p.person IS NOT NULL)",
            err);
        query_text(&q, id);
        query_text(&q, person);
        query_text(&q, today);
        r = query_row(&q);
        if (r > 0) {
                const char *sees = column_text(&q, 10);

                copy(found.step, sizeof found.step, &q, 0);
                copy(found.outcome, sizeof found.outcome, &q, 1);
                copy(found.permission, sizeof found.permission, &q, 2);
                copy(found.next_contact, sizeof found.next_contact, &q, 3);
                copy(found.owner, sizeof found.owner, &q, 4);
                found.opened = column_int(&q, 5);
                found.is_acknowledged = column_int(&q, 6);
                found.is_closed = column_int(&q, 7);
                found.may_act = column_int(&q, 8);
                found.parts = page_case_sees(sees ? sees : "");
                if (found.may_act)
                        found.parts |= CASE_STEPS | CASE_HOURS | CASE_CONTACTS | CASE_NEXT | CASE_PERMISSION |
                                       CASE_PUPIL;
                *ret_case = found;
        }
        query_end(&q);
        return r;
}

int page_case_steps(struct db *db, const char *id,
                    int (*each)(void *context, const char *act, int64_t at, int64_t hours, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.act, m.at, coalesce(CASE WHEN json_type(x.facts, '$.absent_hours') IN ('integer',"
            "   'real') THEN CAST(json_extract(x.facts, '$.absent_hours') AS INTEGER) END, -1)"
            "  FROM case_match m JOIN rule_match x ON x.id = m.match WHERE m.case_id = ?"
            " ORDER BY m.at, m.match LIMIT ?",
            err);
        query_text(&q, id);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_int(&q, 1), column_int(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
}

int page_case_acts(struct db *db, const char *id,
                   int (*each)(void *context, const char *act, const char *outcome, int64_t at,
                               struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT act, coalesce(outcome, ''), at FROM case_act WHERE case_id = ? ORDER BY id DESC"
                    " LIMIT ?",
                    err);
        query_text(&q, id);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), column_int(&q, 2), err);
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

int page_case_heirs(struct db *db, const char *id, const char *today,
                    int (*each)(void *context, const char *person, const char *name, struct err *err),
                    void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT p.id, p.given || ' ' || p.family FROM case_file c JOIN person p"
                    "    ON p.id IS NOT c.owner AND p.protected = 0 AND (p.ended IS NULL OR p.ended > ?2)"
                    " WHERE c.id = ?1 AND EXISTS (SELECT 1 FROM role r WHERE r.person = p.id"
                    "   AND (r.role = 'curator' OR r.person = c.substitute AND r.role <> 'pupil')"
                    "   AND r.first_day <= ?2 AND (r.last_day IS NULL OR r.last_day >= ?2))"
                    " ORDER BY 2, 1 LIMIT ?3",
                    err);
        query_text(&q, id);
        query_text(&q, today);
        query_int(&q, PAGE_CASE_ROWS_MAX);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_text(&q, 1), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r;
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
