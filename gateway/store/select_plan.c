/* What SQLite would do for a rule's select. */
#include "base/buf.h"
#include "store/db.h"
#include "store/select_private.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define PARTS_MAX_BYTES 8192

/* The first word of REST is the name of something that the select itself makes, as noted in PARTS
 * ("\nname\n"), or of no table at all. */
static bool is_own(const struct buf *parts, const char *rest)
{
        size_t length = strcspn(rest, " ");
        char word[128];

        if (rest[0] == '(' || strstr(rest, "CONSTANT ROW"))
                return true;
        snprintf(word, sizeof word, "\n%.*s\n", (int)length, rest);
        return strstr(buf_text(parts), word) != NULL;
}

static const char *after(const char *detail, const char *word)
{
        size_t length = strlen(word);

        return strncmp(detail, word, length) == 0 ? detail + length : NULL;
}

static int note_part(struct buf *parts, const char *detail)
{
        const char *name = after(detail, "MATERIALIZE ");

        if (!name)
                name = after(detail, "CO-ROUTINE ");
        return name ? buf_addf(parts, "\n%s\n", name) : 0;
}

static bool is_fault(const struct buf *parts, const char *detail)
{
        const char *rest = after(detail, "SCAN ");

        if (!rest)
                rest = after(detail, "BLOOM FILTER ON ");
        if (!rest && strstr(detail, "AUTOMATIC"))
                rest = after(detail, "SEARCH ");
        return rest && !is_own(parts, rest);
}

static int walk(sqlite3_stmt *plan, struct buf *parts, void (*tell)(void *context, const char *step),
                void *context)
{
        int code;

        while ((code = sqlite3_step(plan)) == SQLITE_ROW)
                note_part(parts, (const char *)sqlite3_column_text(plan, 3));
        sqlite3_reset(plan);
        while (code == SQLITE_DONE && sqlite3_step(plan) == SQLITE_ROW) {
                const char *detail = (const char *)sqlite3_column_text(plan, 3);

                if (is_fault(parts, detail))
                        tell(context, detail);
        }
        return code == SQLITE_DONE ? buf_error(parts) : ERR_IO;
}

int select_check_plan(const struct select *select, struct db *db,
                      void (*tell)(void *context, const char *step), void *context, struct err *err)
{
        _cleanup_(free_ptr) char *sql = NULL;
        _cleanup_(buf_fini) struct buf parts;
        sqlite3_stmt *plan = NULL;
        int r = 0;

        buf_init(&parts, PARTS_MAX_BYTES);
        if (asprintf(&sql, "EXPLAIN QUERY PLAN %s", select->sql) < 0)
                return err_set(err, ERR_NOMEM, "select: out of memory");
        if (sqlite3_prepare_v2(db_handle(db), sql, -1, &plan, NULL) != SQLITE_OK)
                r = ERR_IO;
        if (r == 0)
                r = walk(plan, &parts, tell, context);
        if (r < 0)
                r = err_set(err, r, "%s: %s", select->name, sqlite3_errmsg(db_handle(db)));
        sqlite3_finalize(plan);
        return r;
}
