#include "store/budget.h"

#include <stdio.h>
#include <string.h>

/* ---- the configuration's rows */

static int put_price(struct db *db, const struct price *price, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO price(provider, prefix, position, micros) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET position = excluded.position, micros = excluded.micros"
                    " WHERE position <> excluded.position OR micros <> excluded.micros",
                    err);
        query_text(&q, price->provider);
        query_text(&q, price->prefix);
        query_int(&q, price->position);
        query_int(&q, price->micros);
        return query_run(&q);
}

static int put_budget(struct db *db, const struct budget *budget, struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO budget(organisation, micros) VALUES (?, ?)"
                    " ON CONFLICT DO UPDATE SET micros = excluded.micros WHERE micros <> excluded.micros",
                    err);
        query_text(&q, budget->organisation);
        query_int(&q, budget->micros);
        return query_run(&q);
}

static bool has_price(const struct price *prices, int count, const char *provider, const char *prefix)
{
        for (int i = 0; i < count; i++)
                if (strcmp(prices[i].provider, provider) == 0 && strcmp(prices[i].prefix, prefix) == 0)
                        return true;
        return false;
}

static bool has_budget(const struct budget *budgets, int count, const char *organisation)
{
        for (int i = 0; i < count; i++)
                if (strcmp(budgets[i].organisation, organisation) == 0)
                        return true;
        return false;
}

/* One row that the configuration no longer has, by rowless key; 0 when there is none. */
static int drop_one_price(struct db *db, const struct price *prices, int count, struct err *err)
{
        char provider[ID_SIZE] = "", prefix[32] = "";
        bool found = false;
        struct query q;
        int r;

        query_start(&q, db, "SELECT provider, prefix FROM price", err);
        while (!found && (r = query_row(&q)) > 0) {
                found = !has_price(prices, count, column_text(&q, 0), column_text(&q, 1));
                snprintf(provider, sizeof provider, "%s", column_text(&q, 0));
                snprintf(prefix, sizeof prefix, "%s", column_text(&q, 1));
        }
        query_end(&q);
        if (!found)
                return r;
        query_start(&q, db, "DELETE FROM price WHERE provider = ? AND prefix = ?", err);
        query_text(&q, provider);
        query_text(&q, prefix);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

static int drop_one_budget(struct db *db, const struct budget *budgets, int count, struct err *err)
{
        char organisation[ID_SIZE] = "";
        bool found = false;
        struct query q;
        int r;

        query_start(&q, db, "SELECT organisation FROM budget", err);
        while (!found && (r = query_row(&q)) > 0) {
                found = !has_budget(budgets, count, column_text(&q, 0));
                snprintf(organisation, sizeof organisation, "%s", column_text(&q, 0));
        }
        query_end(&q);
        if (!found)
                return r;
        query_start(&q, db, "DELETE FROM budget WHERE organisation = ?", err);
        query_text(&q, organisation);
        r = query_run(&q);
        return r < 0 ? r : 1;
}

int budget_replace(struct db *db, const struct price *prices, int price_count, const struct budget *budgets,
                   int budget_count, struct err *err)
{
        int r = 0;

        for (int i = 0; i < price_count && r == 0; i++)
                r = put_price(db, &prices[i], err);
        for (int i = 0; i < budget_count && r == 0; i++)
                r = put_budget(db, &budgets[i], err);
        while (r == 0 && (r = drop_one_price(db, prices, price_count, err)) > 0)
                r = 0;
        while (r == 0 && (r = drop_one_budget(db, budgets, budget_count, err)) > 0)
                r = 0;
        return r;
}

/* ---- what a message costs */

int price_find(struct db *db, const char *address, int64_t *ret_micros, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT micros FROM price WHERE substr(?1, 1, length(prefix)) = prefix"
                    " ORDER BY position, length(prefix) DESC LIMIT 1",
                    err);
        query_text(&q, address);
        r = query_row(&q);
        if (r > 0)
                *ret_micros = column_int(&q, 0);
        query_end(&q);
        return r;
}

int budget_find(struct db *db, const char *organisation, const char *month, char ret_payer[static ID_SIZE],
                int64_t *ret_left, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT b.organisation, b.micros - ifnull((SELECT s.micros FROM spending s"
                    "         WHERE s.organisation = b.organisation AND s.month = ?2), 0)"
                    "  FROM organisation_tree t JOIN budget b ON b.organisation = t.ancestor"
                    " WHERE t.descendant = ?1 ORDER BY t.distance LIMIT 1",
                    err);
        query_text(&q, organisation);
        query_text(&q, month);
        r = query_row(&q);
        if (r > 0) {
                snprintf(ret_payer, ID_SIZE, "%s", column_text(&q, 0));
                *ret_left = column_int(&q, 1);
        }
        query_end(&q);
        return r;
}

int budget_spend(struct db *db, const char *payer, const char *month, int64_t micros, int64_t now_utc,
                 struct err *err)
{
        struct query q;

        query_start(&q, db,
                    "INSERT INTO spending(organisation, month, micros, noted) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET micros = micros + excluded.micros, noted = excluded.noted",
                    err);
        query_text(&q, payer);
        query_text(&q, month);
        query_int(&q, micros);
        query_int(&q, now_utc);
        return query_run(&q);
}

/* ---- what waits */

int budget_next_waiting(struct db *db, const char *month, struct budget_waiting *ret_waiting, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT g.id, g.cost, g.payer, ifnull(c.timezone, 'Europe/Helsinki') FROM message g"
            "  LEFT JOIN budget b ON b.organisation = g.payer"
            "  LEFT JOIN organisation_calendar c ON c.organisation = g.payer"
            " WHERE g.state = 'held' AND g.reason = 'budget' AND (b.micros IS NULL OR g.cost <= b.micros"
            "       - ifnull((SELECT s.micros FROM spending s WHERE s.organisation = g.payer AND s.month = "
            "?1), 0))"
            " ORDER BY g.id LIMIT 1",
            err);
        query_text(&q, month);
        r = query_row(&q);
        if (r > 0) {
                ret_waiting->message = column_int(&q, 0);
                ret_waiting->micros = column_int(&q, 1);
                snprintf(ret_waiting->payer, sizeof ret_waiting->payer, "%s", column_text(&q, 2));
                snprintf(ret_waiting->timezone, sizeof ret_waiting->timezone, "%s", column_text(&q, 3));
        }
        query_end(&q);
        return r;
}

int budget_let_go(struct db *db, const struct budget_waiting *waiting, const char *month, int64_t not_before,
                  int64_t now_utc, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "UPDATE message SET reason = 'quiet-hours', not_before = ?, month = ?, changed = ?"
                    " WHERE id = ? AND state = 'held' AND reason = 'budget'",
                    err);
        query_int(&q, not_before);
        query_text(&q, month);
        query_int(&q, now_utc);
        query_int(&q, waiting->message);
        r = query_run(&q);
        return r < 0 ? r : budget_spend(db, waiting->payer, month, waiting->micros, now_utc, err);
}

int budget_each(struct db *db, const char *month,
                int (*each)(void *context, const char *organisation, int64_t micros, int64_t spent,
                            struct err *err),
                void *context, struct err *err)
{
        struct query q;
        int r;

        query_start(&q, db,
                    "SELECT b.organisation, b.micros, ifnull((SELECT s.micros FROM spending s"
                    "         WHERE s.organisation = b.organisation AND s.month = ?), 0)"
                    "  FROM budget b ORDER BY b.organisation",
                    err);
        query_text(&q, month);
        while ((r = query_row(&q)) > 0) {
                r = each(context, column_text(&q, 0), column_int(&q, 1), column_int(&q, 2), err);
                if (r < 0)
                        break;
        }
        query_end(&q);
        return r < 0 ? r : 0;
}
