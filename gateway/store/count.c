#include "store/count.h"
#include "store/db.h"
#include "store/publication.h"

#include <string.h>

#define STATE_MAX 11

/* Every state of each kind, since a state that nothing is in counts 0. Keep in alphabetical order. */
static const struct {
        const char *kind;
        const char *states[STATE_MAX + 1];
} kind_table[] = {
    {"event", {""}},
    {"feed", {""}},
    {"feed-fetch", {""}},
    {"match", {"dropped", "fired", "pending", "resolved"}},
    {"message",
     {"accepted", "cancelled", "delivered", "expired", "failed", "held", "leased", "queued", "rejected",
      "retry", "unknown"}},
    {"publication", {"acknowledged", "queued", "refused"}},
};

static const char counts_sql[] =
    "SELECT 'event', '', count(*) FROM event"
    " UNION ALL SELECT 'feed', '', count(*) FROM feed WHERE revoked IS NULL"
    " UNION ALL SELECT 'feed-fetch', '', coalesce(sum(fetches), 0) FROM feed"
    " UNION ALL SELECT * FROM (SELECT 'match', state, count(*) FROM rule_match GROUP BY state)"
    " UNION ALL SELECT * FROM (SELECT 'message', state, count(*) FROM message GROUP BY state)";

static void keep(int64_t counts[][STATE_MAX], const char *kind, const char *state, int64_t count)
{
        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++)
                for (size_t j = 0; strcmp(kind_table[i].kind, kind) == 0 && kind_table[i].states[j]; j++)
                        if (strcmp(kind_table[i].states[j], state) == 0)
                                counts[i][j] = count;
}

int count_each(struct db *db, void (*each)(void *context, const char *kind, const char *state, int64_t count),
               void *context, struct err *err)
{
        int64_t counts[ARRAY_SIZE(kind_table)][STATE_MAX] = {0};
        struct publication_counts publications;
        struct query q;
        int r;

        query_start(&q, db, counts_sql, err);
        while ((r = query_row(&q)) > 0)
                keep(counts, column_text(&q, 0), column_text(&q, 1), column_int(&q, 2));
        query_end(&q);
        if (r >= 0)
                r = publication_count(db, &publications, err);
        if (r < 0)
                return r;
        keep(counts, "publication", "acknowledged", publications.acknowledged);
        keep(counts, "publication", "queued", publications.queued);
        keep(counts, "publication", "refused", publications.refused);
        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++)
                for (size_t j = 0; kind_table[i].states[j]; j++)
                        each(context, kind_table[i].kind, kind_table[i].states[j], counts[i][j]);
        return 0;
}
