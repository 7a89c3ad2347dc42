#include "store/parameter.h"
#include "store/db.h"
#include "store/match.h"

#include <stdio.h>
#include <string.h>

static void copy_column(struct query *q, int column, char ret_text[static SUBJECT_ID_MAX])
{
        const char *text = column_text(q, column);

        snprintf(ret_text, SUBJECT_ID_MAX, "%s", text ? text : "");
}

int parameter_owner(struct db *db, const struct subject *subject, const char *day,
                    struct parameter_owner *ret_owner, struct err *err)
{
        struct query q;
        int r;

        *ret_owner = (struct parameter_owner){0};
        query_start(
            &q, db,
            "WITH s(pupil, organisation) AS ("
            "  SELECT ?2, NULL WHERE ?1 = 'pupil'"
            "  UNION ALL SELECT pupil, NULL FROM placement WHERE ?1 = 'placement' AND id = ?2"
            "  UNION ALL SELECT pupil, organisation FROM case_file WHERE ?1 = 'case' AND id = ?2"
            "  UNION ALL SELECT pupil, organisation FROM application WHERE ?1 = 'application' AND id = ?2"
            "  UNION ALL SELECT pupil, organisation FROM meeting WHERE ?1 = 'meeting' AND id = ?2"
            "  UNION ALL SELECT NULL, organisation FROM survey WHERE ?1 = 'survey' AND id = ?2"
            "  UNION ALL SELECT NULL, ?2 WHERE ?1 = 'organisation'"
            "  UNION ALL SELECT ?2, (SELECT organisation FROM role WHERE person = ?2"
            "                         ORDER BY first_day <= ?3 AND (last_day IS NULL OR last_day >= ?3) DESC,"
            "                                  first_day DESC LIMIT 1) WHERE ?1 = 'person'"
            "  UNION ALL SELECT NULL, (SELECT organisation FROM visit_side WHERE visit = ?2 LIMIT 1)"
            "             WHERE ?1 = 'visit')"
            "SELECT pupil, coalesce(organisation, ("
            "    SELECT r.organisation FROM role r WHERE r.person = s.pupil AND r.role = 'pupil' AND "
            "r.first_day <= ?3"
            "     ORDER BY r.first_day DESC LIMIT 1)) FROM s",
            err);
        query_text(&q, subject->kind);
        query_text(&q, subject->id);
        query_text(&q, day);
        r = query_row(&q);
        if (r > 0) {
                copy_column(&q, 0, ret_owner->pupil);
                copy_column(&q, 1, ret_owner->organisation);
        }
        query_end(&q);
        return r < 0 ? r : 0;
}

int parameter_find(struct db *db, const char *rule, const char *name, const struct parameter_owner *owner,
                   const char *day, char **ret_value, struct err *err)
{
        struct query q;
        int r;

        *ret_value = NULL;
        query_start(
            &q, db,
            "SELECT value FROM pupil_parameter WHERE pupil = ? AND rule = ? AND name = ? AND until >= ?",
            err);
        query_text(&q, owner->pupil);
        query_text(&q, rule);
        query_text(&q, name);
        query_text(&q, day);
        r = query_row(&q);
        if (r > 0) {
                *ret_value = strdup(column_text(&q, 0));
                r = *ret_value ? 1 : err_set(err, ERR_NOMEM, "rules: out of memory");
        }
        query_end(&q);
        return r != 0 ? (r < 0 ? r : 0)
                      : rule_parameter_find(db, rule, name, owner->organisation, ret_value, err);
}

int parameter_any(struct db *db, bool *ret_any, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT EXISTS (SELECT 1 FROM rule_parameter) OR EXISTS (SELECT 1 FROM pupil_parameter)",
                    err);
        r = query_row(&q);
        if (r > 0)
                *ret_any = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int parameter_each(struct db *db,
                   int (*each)(void *context, const struct parameter_setting *setting, struct err *err),
                   void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT organisation, rule, name, value FROM rule_parameter"
                    " UNION ALL SELECT pupil, rule, name, value FROM pupil_parameter ORDER BY 2, 3, 1",
                    err);
        while ((r = query_row(&q)) > 0) {
                const struct parameter_setting setting = {column_text(&q, 0), column_text(&q, 1),
                                                          column_text(&q, 2), column_text(&q, 3)};

                r = each(context, &setting, err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}
