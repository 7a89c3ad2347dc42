#include "store/put.h"

#include <string.h>

int put_exists(struct query *query)
{
        int r = query_row(query);

        query_end(query);
        return r;
}

int put_owned(struct query *query, const char *source)
{
        int r = query_row(query);

        if (r > 0 && column_is_null(query, 1) && strcmp(column_text(query, 0), source) != 0)
                r = PUT_KEPT;
        query_end(query);
        return r;
}

int put_run(struct query *query, int existed)
{
        struct db *db = query->db;
        int r;

        if (existed < 0 || existed == PUT_KEPT) {
                query_end(query);
                return existed;
        }
        r = query_run(query);
        if (r < 0)
                return r;
        if (db_changes(db) == 0)
                return PUT_SAME;
        return existed ? PUT_UPDATED : PUT_ADDED;
}
