#include "store/calendar_entry.h"

int calendar_entry_put(struct db *db, const char *source, const struct calendar_entry *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db,
                    "SELECT source, NULL FROM calendar_entry"
                    " WHERE organisation = ? AND first_day = ? AND last_day = ? AND kind = ?",
                    err);
        query_text(&q, row->organisation);
        query_text(&q, row->first_day);
        query_text(&q, row->last_day);
        query_text(&q, row->kind);
        existed = put_owned(&q, source);
        query_start(&q, db,
                    "INSERT INTO calendar_entry(organisation, first_day, last_day, kind, name, source)"
                    " VALUES (?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT(organisation, first_day, last_day, kind) DO UPDATE"
                    "   SET name = excluded.name, source = excluded.source"
                    " WHERE name IS NOT excluded.name OR source <> excluded.source",
                    err);
        query_text(&q, row->organisation);
        query_text(&q, row->first_day);
        query_text(&q, row->last_day);
        query_text(&q, row->kind);
        query_text(&q, row->name);
        query_text(&q, source);
        return put_run(&q, existed);
}
