/* What SQLite would do for a rule's select. The query plan in words does not tell a table from a part that
 * the select has put together itself, once both have aliases; its program does: a scan begins with a Rewind
 * of a cursor that was opened on a table or an index of the file. */
#include "store/db.h"
#include "store/select_private.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define CURSOR_MAX 1024 /* of one select */

enum program_column { PROGRAM_OPCODE = 1, PROGRAM_P1, PROGRAM_P2, PROGRAM_P3 };

static bool is_opcode(sqlite3_stmt *program, const char *name)
{
        return strcmp((const char *)sqlite3_column_text(program, PROGRAM_OPCODE), name) == 0;
}

static bool opens(sqlite3_stmt *program)
{
        return (is_opcode(program, "OpenRead") || is_opcode(program, "ReopenIdx")) &&
               sqlite3_column_int(program, PROGRAM_P3) == 0; /* of the file, not of the temporary schema */
}

static bool scans(sqlite3_stmt *program)
{
        return is_opcode(program, "Rewind") || is_opcode(program, "Last") || is_opcode(program, "Count");
}

/* The table that a root page belongs to. */
static int tell_table(struct db *db, int root, void (*tell)(void *context, const char *table), void *context,
                      struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?", err);
        query_int(&q, root);
        r = query_row(&q);
        if (r > 0)
                tell(context, column_text(&q, 0));
        query_end(&q);
        return r < 0 ? r : 0;
}

static int walk(struct db *db, sqlite3_stmt *program, void (*tell)(void *context, const char *table),
                void *context, struct err *err)
{
        int roots[CURSOR_MAX] = {0}, code, r = 0;

        while ((code = sqlite3_step(program)) == SQLITE_ROW) {
                int cursor = sqlite3_column_int(program, PROGRAM_P1);

                if (opens(program) && cursor >= 0 && cursor < CURSOR_MAX)
                        roots[cursor] = sqlite3_column_int(program, PROGRAM_P2);
        }
        sqlite3_reset(program);
        while (code == SQLITE_DONE && r == 0 && sqlite3_step(program) == SQLITE_ROW) {
                int cursor = scans(program) ? sqlite3_column_int(program, PROGRAM_P1) : -1;

                if (cursor >= 0 && cursor < CURSOR_MAX && roots[cursor])
                        r = tell_table(db, roots[cursor], tell, context, err);
        }
        return r == 0 && code != SQLITE_DONE
                   ? err_set(err, ERR_IO, "select: %s", sqlite3_errmsg(db_handle(db)))
                   : r;
}

int select_check_plan(const struct select *select, struct db *db,
                      void (*tell)(void *context, const char *table), void *context, struct err *err)
{
        _cleanup_(free_ptr) char *sql = NULL;
        sqlite3_stmt *program = NULL;
        int r;

        if (asprintf(&sql, "EXPLAIN %s", select->sql) < 0)
                return err_set(err, ERR_NOMEM, "select: out of memory");
        if (sqlite3_prepare_v2(db_handle(db), sql, -1, &program, NULL) != SQLITE_OK)
                return err_set(err, ERR_IO, "%s: %s", select->name, sqlite3_errmsg(db_handle(db)));
        r = walk(db, program, tell, context, err);
        sqlite3_finalize(program);
        return r;
}
