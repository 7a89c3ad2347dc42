#include "store/person_show.h"
#include "store/db.h"

#include <stdio.h>
#include <string.h>

int refused_contacts_put(struct db *db, const char *source, const char *person,
                         const struct refused_contact *refused, size_t count, int64_t now_utc,
                         struct err *err)
{
        char value[REFUSED_VALUE_MAX];
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM refused_contact WHERE person = ? AND source = ?", err);
        query_text(&q, person);
        query_text(&q, source);
        r = query_run(&q);
        for (size_t i = 0; i < count && r == 0; i++) {
                size_t length = strnlen(refused[i].value, sizeof value - 1);

                while (length && ((unsigned char)refused[i].value[length] & 0xc0) == 0x80)
                        length--; /* no character is cut in two */
                snprintf(value, sizeof value, "%.*s", (int)length, refused[i].value);
                query_start(&q, db,
                            "INSERT OR REPLACE INTO refused_contact(person, channel, value, source, line, at)"
                            " VALUES (?, ?, ?, ?, ?, ?)",
                            err);
                query_text(&q, person);
                query_text(&q, refused[i].channel);
                query_text(&q, value);
                query_text(&q, source);
                query_int_or_null(&q, refused[i].line, 0);
                query_int(&q, now_utc);
                r = query_run(&q);
        }
        return r;
}

int refused_contacts_count(struct db *db, int64_t *ret_count, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT count(*) FROM refused_contact r JOIN person p ON p.id = r.person AND p.ended IS NULL",
            err);
        r = query_row(&q);
        if (r > 0)
                *ret_count = column_int(&q, 0);
        query_end(&q);
        return r < 0 ? r : 0;
}

int person_show(struct db *db, const char *person, char **ret_json, struct err *err)
{
        char *json = NULL;
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT json_object('id', p.id, 'given', p.given, 'family', p.family, 'language', p.language,"
            " 'protected', json(CASE p.protected WHEN 1 THEN 'true' ELSE 'false' END), 'ended', p.ended,"
            " 'source', p.source,"
            " 'roles', json((SELECT json_group_array(json_object('role', r.role, 'organisation', "
            "r.organisation,"
            "     'from', nullif(r.first_day, '1900-01-01'), 'until', r.last_day, 'grade', r.grade))"
            "     FROM (SELECT * FROM role WHERE person = ?1 ORDER BY first_day, id) r)),"
            " 'guardians', json((SELECT json_group_array(json_object('person', g.guardian, 'rank', g.rank,"
            "     'notify', g.notify, 'restricted', g.restricted, 'emergency_only', g.emergency_only,"
            "     'ended', g.ended)) FROM (SELECT * FROM guardian WHERE pupil = ?1 ORDER BY rank, guardian) "
            "g)),"
            " 'guardian_of', json((SELECT json_group_array(g.pupil)"
            "     FROM (SELECT pupil FROM guardian WHERE guardian = ?1 AND ended IS NULL ORDER BY pupil) g)),"
            " 'contacts', json((SELECT json_group_array(json_object('channel', c.channel, 'value', c.value,"
            "     'state', CASE WHEN c.state = 'bad' THEN 'bad' WHEN s.since IS NOT NULL THEN 'stopped'"
            "                   ELSE 'good' END, 'reason', c.bad_reason, 'since', coalesce(c.bad_since, "
            "s.since)))"
            "     FROM (SELECT * FROM contact WHERE person = ?1 ORDER BY position, channel, value) c"
            "     LEFT JOIN contact_stop s ON s.channel = c.channel AND s.value = c.value)),"
            " 'refused', json((SELECT json_group_array(json_object('channel', f.channel, 'value', f.value,"
            "     'source', f.source, 'line', f.line))"
            "     FROM (SELECT * FROM refused_contact WHERE person = ?1 ORDER BY channel, value) f)),"
            " 'holds', json((SELECT json_group_array(json_object('from', h.starts, 'until', h.ends, "
            "'reason', h.reason))"
            "     FROM (SELECT * FROM hold WHERE subject = ?1 AND kind <> 'group' ORDER BY starts) h)),"
            " 'messages', json((SELECT json_group_array(json_object('id', m.id, 'channel', m.channel,"
            "     'state', m.state, 'reason', m.reason, 'created', m.created))"
            "     FROM (SELECT * FROM message WHERE person = ?1 ORDER BY id DESC LIMIT 10) m)))"
            "  FROM person p WHERE p.id = ?1",
            err);
        query_text(&q, person);
        r = query_row(&q);
        if (r > 0) {
                json = strdup(column_text(&q, 0));
                r = json ? 1 : err_set(err, ERR_NOMEM, "database: out of memory");
        }
        query_end(&q);
        if (r < 0)
                return r;
        if (r == 0)
                return err_set(err, ERR_NOT_FOUND, "%.100s: is nobody: see the ids of the roster", person);
        *ret_json = json;
        return 0;
}
