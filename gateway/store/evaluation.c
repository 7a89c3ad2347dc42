#include "store/evaluation.h"

int evaluation_clear(struct db *db, const char *placement, const char *part, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db, "DELETE FROM evaluation_mark WHERE placement = ? AND part = ?", err);
        query_text(&q, placement);
        query_text(&q, part);
        r = query_run(&q);
        if (r < 0)
                return r;
        query_start(&q, db, "DELETE FROM evaluation_word WHERE placement = ? AND part = ?", err);
        query_text(&q, placement);
        query_text(&q, part);
        return query_run(&q);
}

int evaluation_add_mark(struct db *db, const char *placement, const char *part, const char *criterion,
                        int mark, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO evaluation_mark(placement, part, criterion, mark) VALUES (?, ?, ?, ?)", err);
        query_text(&q, placement);
        query_text(&q, part);
        query_text(&q, criterion);
        query_int(&q, mark);
        return query_run(&q);
}

int evaluation_add_word(struct db *db, const char *placement, const char *part, const char *word,
                        struct err *err)
{
        struct query q;

        query_start(&q, db, "INSERT INTO evaluation_word(placement, part, word) VALUES (?, ?, ?)", err);
        query_text(&q, placement);
        query_text(&q, part);
        query_text(&q, word);
        return query_run(&q);
}
