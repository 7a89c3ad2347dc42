#include "store/organisation.h"

#include <stdio.h>
#include <string.h>

int organisation_put(struct db *db, const char *source, const struct organisation *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, ended FROM organisation WHERE id = ?", err);
        query_text(&q, row->id);
        existed = put_owned(&q, source);
        query_start(
            &q, db,
            "INSERT INTO organisation(id, kind, parent, name, phone, timezone, languages, source)"
            " VALUES (?1, ?2, ?3, ?4,"
            "         coalesce(?5, (SELECT phone FROM organisation WHERE id = ?1 AND ?9 = 1)),"
            "         coalesce(?6, (SELECT timezone FROM organisation WHERE id = ?1 AND ?9 = 1)),"
            "         coalesce(?7, (SELECT languages FROM organisation WHERE id = ?1 AND ?9 = 1)), ?8)"
            " ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, parent = excluded.parent,"
            "    name = excluded.name, phone = excluded.phone, timezone = excluded.timezone,"
            "    languages = excluded.languages, source = excluded.source, ended = NULL"
            " WHERE kind <> excluded.kind OR parent IS NOT excluded.parent OR name <> excluded.name"
            "    OR phone IS NOT excluded.phone OR timezone IS NOT excluded.timezone"
            "    OR languages IS NOT excluded.languages OR source <> excluded.source"
            "    OR ended IS NOT NULL",
            err);
        query_text(&q, row->id);
        query_text(&q, row->kind);
        query_text(&q, row->parent);
        query_text(&q, row->name);
        query_text(&q, row->phone);
        query_text(&q, row->timezone);
        query_text(&q, row->languages);
        query_text(&q, source);
        query_int(&q, row->says_little);
        return put_run(&q, existed);
}

int organisation_kind(struct db *db, const char *id, char ret_kind[static 16], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT kind FROM organisation WHERE id = ? AND ended IS NULL", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_kind, 16, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int organisation_stays(struct db *db, const char *id, const char *source, char ret_kind[static 16],
                       struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT kind FROM organisation WHERE id = ?1 AND ended IS NULL AND (source <> ?2 OR EXISTS"
            " (SELECT 1 FROM import_seen s WHERE s.kind = 'organisations' AND s.key = ?1))",
            err);
        query_text(&q, id);
        query_text(&q, source);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_kind, 16, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}

int organisation_put_links(struct db *db, const char *source, const char *organisation,
                           const struct organisation_link *links, size_t count, struct err *err)
{
        bool changed = false;
        struct query q;
        int r;

        for (size_t i = 0; i < count; i++) {
                query_start(&q, db,
                            "INSERT INTO organisation_link(organisation, position, title, url, source)"
                            " VALUES (?, ?, ?, ?, ?)"
                            " ON CONFLICT(organisation, position) DO UPDATE"
                            "   SET title = excluded.title, url = excluded.url, source = excluded.source"
                            " WHERE title <> excluded.title OR url <> excluded.url",
                            err);
                query_text(&q, organisation);
                query_int(&q, (int64_t)i);
                query_text(&q, links[i].title);
                query_text(&q, links[i].url);
                query_text(&q, source);
                r = query_run(&q);
                if (r < 0)
                        return r;
                changed = changed || db_changes(db) > 0;
        }
        query_start(&q, db, "DELETE FROM organisation_link WHERE organisation = ? AND position >= ?", err);
        query_text(&q, organisation);
        query_int(&q, (int64_t)count);
        r = query_run(&q);
        return r < 0 ? r : changed || db_changes(db) > 0;
}

int organisation_is_under(struct db *db, const char *id, const char *ancestor, struct err *err)
{
        struct query q;

        query_start(&q, db, "SELECT 1 FROM organisation_tree WHERE ancestor = ? AND descendant = ?", err);
        query_text(&q, ancestor);
        query_text(&q, id);
        return put_exists(&q);
}

static int read_zone(struct query *q, char *ret_zone)
{
        int r = query_row(q);

        if (r > 0)
                snprintf(ret_zone, ZONE_NAME_MAX, "%s", column_text(q, 0));
        query_end(q);
        return r;
}

int organisation_zone(struct db *db, const char *id, char ret_zone[static ZONE_NAME_MAX], struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "SELECT coalesce((SELECT a.timezone FROM organisation_tree t"
                    "                   JOIN organisation a ON a.id = t.ancestor"
                    "                  WHERE t.descendant = o.id AND a.timezone IS NOT NULL"
                    "                  ORDER BY t.distance LIMIT 1), 'Europe/Helsinki')"
                    "  FROM organisation o WHERE o.id = ?",
                    err);
        query_text(&q, id);
        return read_zone(&q, ret_zone);
}

int organisation_top_zone(struct db *db, char ret_zone[static ZONE_NAME_MAX], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT coalesce(timezone, 'Europe/Helsinki') FROM organisation"
                    " WHERE parent IS NULL ORDER BY ended IS NOT NULL, id LIMIT 1",
                    err);
        r = read_zone(&q, ret_zone);
        if (r == 0)
                snprintf(ret_zone, ZONE_NAME_MAX, "Europe/Helsinki");
        return r < 0 ? r : 0;
}
