/* costs: what the configuration says of money: prices of SMS and budgets.
 *
 *      currency: EUR
 *      prices:                          of one segment; providers in the order in which they are asked
 *        twilio: {"+358": "0.0741", "+46": "0.0520", other: "0.10"}
 *      budgets: {kj: "250"}             a month, of an organisation and those below it
 */
#ifndef COMMAND_COSTS_H
#define COMMAND_COSTS_H

#include "base/yaml.h"
#include "store/budget.h"

#define COSTS_PRICE_MAX 512
#define COSTS_BUDGET_MAX 256
#define COSTS_CURRENCY_MAX 8
#define COSTS_MONEY_MAX 24 /* "9007199254.740993" and NUL */

struct costs {
        struct price prices[COSTS_PRICE_MAX];
        struct budget budgets[COSTS_BUDGET_MAX];
        int price_count, budget_count;
        char currency[COSTS_CURRENCY_MAX];
};

/* ROOT may be NULL. The costs are the caller's to free. */
int costs_read(const struct yaml_node *root, struct costs **ret_costs, struct err *err);
struct costs *costs_free(struct costs *costs); /* takes NULL, returns NULL */

/* Of one segment to a number, by the first provider that has a price; -1 when none has. */
int64_t costs_price(const struct costs *costs, const char *address);

/* "0.0741" as millionths; at most six decimals, not negative. */
bool costs_money_read(const char *text, int64_t *ret_micros);
void costs_money_print(int64_t micros, char ret_text[static COSTS_MONEY_MAX]); /* at least two decimals */

#endif
