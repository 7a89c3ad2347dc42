#include "command/costs.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MONEY_WHOLE_DIGITS 9
#define MONEY_DECIMALS 6

bool costs_money_read(const char *text, int64_t *ret_micros)
{
        const size_t whole = strspn(text, "0123456789");
        int64_t micros = 0;
        size_t decimals = 0;

        if (!whole || whole > MONEY_WHOLE_DIGITS)
                return false;
        for (size_t i = 0; i < whole; i++)
                micros = micros * 10 + (text[i] - '0');
        if (text[whole] == '.') {
                decimals = strspn(text + whole + 1, "0123456789");
                if (!decimals || decimals > MONEY_DECIMALS || text[whole + 1 + decimals])
                        return false;
        } else if (text[whole]) {
                return false;
        }
        for (size_t i = 0; i < MONEY_DECIMALS; i++)
                micros = micros * 10 + (i < decimals ? text[whole + 1 + i] - '0' : 0);
        *ret_micros = micros;
        return true;
}

void costs_money_print(int64_t micros, char ret_text[static COSTS_MONEY_MAX])
{
        int length = snprintf(ret_text, COSTS_MONEY_MAX, "%lld.%06lld", (long long)(micros / 1000000),
                              (long long)(micros % 1000000));

        for (int kept = MONEY_DECIMALS; kept > 2 && ret_text[length - 1] == '0'; kept--)
                ret_text[--length] = '\0';
}

static int read_money(const struct yaml_node *node, int64_t *ret_micros, struct err *err)
{
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r == 0 && !costs_money_read(text, ret_micros))
                r = yaml_refuse(node, err, "\"%.20s\" is no amount: write one such as \"0.0741\"", text);
        return r;
}

static int copy(const char *text, const char **ret_copy, struct err *err)
{
        *ret_copy = strdup(text);
        return *ret_copy ? 0 : err_set(err, ERR_NOMEM, "configuration: out of memory");
}

static bool is_prefix(const char *text)
{
        return text[0] == '+' && text[1] >= '1' && text[1] <= '9' && strlen(text) <= 16 &&
               strspn(text + 1, "0123456789") == strlen(text + 1);
}

static int read_price(struct costs *costs, const char *provider, int position, const struct yaml_node *node,
                      struct err *err)
{
        struct price *price = &costs->prices[costs->price_count];
        const char *prefix = yaml_key(node);
        int r;

        if (costs->price_count == COSTS_PRICE_MAX)
                return yaml_refuse(node, err, "more than %d prices: give fewer", COSTS_PRICE_MAX);
        if (strcmp(prefix, "other") != 0 && !is_prefix(prefix))
                return yaml_refuse(node, err, "\"%.20s\" begins no number: write \"+358\", or other", prefix);
        *price = (struct price){.position = position};
        costs->price_count++;
        r = read_money(node, &price->micros, err);
        if (r == 0)
                r = copy(provider, &price->provider, err);
        return r < 0 ? r : copy(prefix[0] == '+' ? prefix : "", &price->prefix, err);
}

static int read_prices(struct costs *costs, const struct yaml_node *prices, struct err *err)
{
        int r = prices ? yaml_want(prices, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && prices && i < yaml_count(prices); i++) {
                const struct yaml_node *provider = yaml_at(prices, i);

                r = yaml_want(provider, YAML_KIND_MAPPING, err);
                for (int k = 0; r == 0 && k < yaml_count(provider); k++)
                        r = read_price(costs, yaml_key(provider), i, yaml_at(provider, k), err);
        }
        return r;
}

static int read_budgets(struct costs *costs, const struct yaml_node *budgets, struct err *err)
{
        int r = budgets ? yaml_want(budgets, YAML_KIND_MAPPING, err) : 0;

        for (int i = 0; r == 0 && budgets && i < yaml_count(budgets); i++) {
                const struct yaml_node *node = yaml_at(budgets, i);
                struct budget *budget = &costs->budgets[i];

                if (i == COSTS_BUDGET_MAX)
                        return yaml_refuse(node, err, "more than %d budgets: give fewer", COSTS_BUDGET_MAX);
                *budget = (struct budget){0};
                costs->budget_count++;
                r = read_money(node, &budget->micros, err);
                if (r == 0)
                        r = copy(yaml_key(node), &budget->organisation, err);
        }
        return r;
}

static int read_currency(struct costs *costs, const struct yaml_node *node, struct err *err)
{
        const char *text = "EUR";
        int r = node ? yaml_text(node, &text, err) : 0;

        if (r == 0 && (strlen(text) != 3 || !isupper((unsigned char)text[0])))
                r = yaml_refuse(node, err, "is no currency: write its code, such as EUR");
        if (r == 0)
                snprintf(costs->currency, sizeof costs->currency, "%s", text);
        return r;
}

int costs_read(const struct yaml_node *root, struct costs **ret_costs, struct err *err)
{
        struct costs *costs = calloc(1, sizeof *costs);
        int r = costs ? 0 : err_set(err, ERR_NOMEM, "configuration: out of memory");

        if (r == 0)
                r = read_currency(costs, yaml_get(root, "currency"), err);
        if (r == 0)
                r = read_prices(costs, yaml_get(root, "prices"), err);
        if (r == 0)
                r = read_budgets(costs, yaml_get(root, "budgets"), err);
        if (r < 0) {
                costs_free(costs);
                return r;
        }
        *ret_costs = costs;
        return 0;
}

int64_t costs_price(const struct costs *costs, const char *address)
{
        const struct price *best = NULL;

        for (int i = 0; i < costs->price_count; i++) {
                const struct price *price = &costs->prices[i];

                if (strncmp(address, price->prefix, strlen(price->prefix)) != 0)
                        continue;
                if (!best || price->position < best->position ||
                    (price->position == best->position && strlen(price->prefix) > strlen(best->prefix)))
                        best = price;
        }
        return best ? best->micros : -1;
}

struct costs *costs_free(struct costs *costs)
{
        if (!costs)
                return NULL;
        for (int i = 0; i < costs->price_count; i++) {
                free((char *)costs->prices[i].provider);
                free((char *)costs->prices[i].prefix);
        }
        for (int i = 0; i < costs->budget_count; i++)
                free((char *)costs->budgets[i].organisation);
        free(costs);
        return NULL;
}
