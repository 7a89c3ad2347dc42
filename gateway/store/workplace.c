#include "store/workplace.h"

#include <stdio.h>
#include <string.h>

static int put_row(struct db *db, const char *source, const struct workplace *row, struct err *err)
{
        struct query q;
        int existed;

        query_start(&q, db, "SELECT source, ended FROM workplace WHERE id = ?", err);
        query_text(&q, row->id);
        existed = put_owned(&q, source);
        query_start(&q, db,
                    "INSERT INTO workplace(id, name, address, organisation, source) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT(id) DO UPDATE SET name = excluded.name, address = excluded.address,"
                    "    organisation = excluded.organisation, source = excluded.source, ended = NULL"
                    " WHERE name <> excluded.name OR address IS NOT excluded.address"
                    "    OR organisation <> excluded.organisation OR source <> excluded.source"
                    "    OR ended IS NOT NULL",
                    err);
        query_text(&q, row->id);
        query_text(&q, row->name);
        query_text(&q, row->address);
        query_text(&q, row->organisation);
        query_text(&q, source);
        return put_run(&q, existed);
}

/* The rows that stay get their new position, the others are taken out: those that keep -1 - position. */
static int put_supervisors(struct db *db, const char *source, const struct workplace *row, struct err *err)
{
        int64_t changes = 0;
        struct query q;
        int r = 0;

        query_start(&q, db,
                    "UPDATE workplace_supervisor SET position = -1 - position WHERE workplace = ?1 AND"
                    " (SELECT count(*) FROM workplace_supervisor WHERE workplace = ?1) > ?2",
                    err);
        query_text(&q, row->id);
        query_int(&q, (int64_t)row->supervisor_count);
        r = query_run(&q);
        for (size_t i = 0; i < row->supervisor_count && r == 0; i++) {
                query_start(&q, db,
                            "INSERT INTO workplace_supervisor(workplace, person, position, source)"
                            " VALUES (?, ?, ?, ?)"
                            " ON CONFLICT(workplace, person) DO UPDATE"
                            "   SET position = excluded.position, source = excluded.source"
                            " WHERE position <> excluded.position OR source <> excluded.source",
                            err);
                query_text(&q, row->id);
                query_text(&q, row->supervisors[i]);
                query_int(&q, (int64_t)i);
                query_text(&q, source);
                r = query_run(&q);
                changes += r < 0 ? 0 : db_changes(db);
        }
        if (r < 0)
                return r;
        query_start(
            &q, db,
            "DELETE FROM workplace_supervisor WHERE workplace = ? AND (position < 0 OR position >= ?)", err);
        query_text(&q, row->id);
        query_int(&q, (int64_t)row->supervisor_count);
        r = query_run(&q);
        return r < 0 ? r : changes + db_changes(db) > 0;
}

static bool has_card(const struct workplace *row, const char *card)
{
        for (size_t i = 0; i < row->card_count; i++)
                if (strcmp(row->cards[i], card) == 0)
                        return true;
        return false;
}

/* One card that WORKPLACE asks for no more is taken out: 1; 0 when there is none. */
static int drop_card(struct db *db, const struct workplace *row, struct err *err)
{
        char card[ID_SIZE];
        struct query q;
        int r, found = 0;

        query_start(&q, db, "SELECT card FROM workplace_card WHERE workplace = ?", err);
        query_text(&q, row->id);
        while (!found && (r = query_row(&q)) > 0)
                if (!has_card(row, column_text(&q, 0))) {
                        snprintf(card, sizeof card, "%s", column_text(&q, 0));
                        found = 1;
                }
        query_end(&q);
        if (!found)
                return r;
        query_start(&q, db, "DELETE FROM workplace_card WHERE workplace = ? AND card = ?", err);
        query_text(&q, row->id);
        query_text(&q, card);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

static int put_cards(struct db *db, const char *source, const struct workplace *row, struct err *err)
{
        bool changed = false;
        struct query q;
        int r = 0;

        for (size_t i = 0; i < row->card_count && r == 0; i++) {
                query_start(&q, db,
                            "INSERT INTO workplace_card(workplace, card, source) VALUES (?, ?, ?)"
                            " ON CONFLICT DO NOTHING",
                            err);
                query_text(&q, row->id);
                query_text(&q, row->cards[i]);
                query_text(&q, source);
                r = query_run(&q);
                changed = changed || (r == 0 && db_changes(db) > 0);
        }
        while (r == 0 && (r = drop_card(db, row, err)) > 0) {
                changed = true;
                r = 0;
        }
        return r < 0 ? r : changed;
}

int workplace_put(struct db *db, const char *source, const struct workplace *row, struct err *err)
{
        int put, supervisors, cards;

        put = put_row(db, source, row, err);
        if (put < 0 || put == PUT_KEPT)
                return put;
        supervisors = put_supervisors(db, source, row, err);
        if (supervisors < 0)
                return supervisors;
        cards = put_cards(db, source, row, err);
        if (cards < 0)
                return cards;
        return put == PUT_SAME && (supervisors || cards) ? PUT_UPDATED : put;
}

int workplace_exists(struct db *db, const char *id, char ret_organisation[static ID_SIZE], struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation FROM workplace WHERE id = ? AND ended IS NULL", err);
        query_text(&q, id);
        r = query_row(&q);
        if (r > 0)
                snprintf(ret_organisation, ID_SIZE, "%s", column_text(&q, 0));
        query_end(&q);
        return r;
}
