/* command/costs: money as it is written, and whose price a number has. */
#include "command/costs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static void reads_and_prints_money(void **state)
{
        static const struct {
                const char *text;
                int64_t micros;
                const char *printed;
        } table[] = {{"0", 0, "0.00"},
                     {"250", 250000000, "250.00"},
                     {"0.0741", 74100, "0.0741"},
                     {"1.5", 1500000, "1.50"},
                     {"0.000001", 1, "0.000001"},
                     {"999999999.999999", 999999999999999, "999999999.999999"}};
        static const char *const bad[] = {"",   ".5", "1.",        "-1",         "+1", "1,5",  "1e3",
                                          " 1", "1 ", "1.1234567", "1000000000", "x",  "1.2.3"};
        char printed[COSTS_MONEY_MAX];
        int64_t micros;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                assert_true(costs_money_read(table[i].text, &micros));
                assert_int_equal(micros, table[i].micros);
                costs_money_print(micros, printed);
                assert_string_equal(printed, table[i].printed);
        }
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (costs_money_read(bad[i], &micros))
                        fail_msg("\"%s\" is taken for an amount", bad[i]);
}

static struct costs *read(const char *text, struct err *err)
{
        struct yaml *yaml = NULL;
        struct costs *costs = NULL;

        assert_int_equal(yaml_parse("kapula.yaml", text, strlen(text), &yaml, err), 0);
        if (costs_read(yaml_root(yaml), &costs, err) < 0)
                costs = NULL;
        yaml_free(yaml);
        return costs;
}

static void finds_prices(void **state)
{
        struct err err = {0};
        struct costs *costs =
            read("currency: SEK\nprices:\n  one: {\"+358\": \"0.04\", \"+35840\": \"0.05\"}\n"
                 "  two: {other: \"0.1\", \"+46\": \"0.03\"}\nbudgets: {kj: \"10\"}\n",
                 &err);

        (void)state;
        assert_non_null(costs);
        assert_string_equal(costs->currency, "SEK");
        assert_int_equal(costs_price(costs, "+358500000001"), 40000);
        assert_int_equal(costs_price(costs, "+358400000001"), 50000);
        assert_int_equal(costs_price(costs, "+46700000001"), 30000);
        assert_int_equal(costs_price(costs, "+37250000001"), 100000);
        costs_free(costs);
        costs = read("prices:\n  one: {\"+358\": \"0.04\"}\n", &err);
        assert_int_equal(costs_price(costs, "+46700000001"), -1);
        costs_free(costs);
}

static void refuses_what_is_wrong(void **state)
{
        static const struct {
                const char *text, *fault;
        } table[] = {
            {"prices: {one: \"1\"}\n", "kapula.yaml:1: prices.one"},
            {"prices: {one: {\"358\": \"1\"}}\n", "begins no number"},
            {"prices: {one: {other: cheap}}\n", "is no amount"},
            {"budgets: {kj: -1}\n", "is no amount"},
            {"budgets: [kj]\n", "kapula.yaml:1: budgets"},
            {"currency: euro\n", "is no currency"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                struct err err = {0};

                assert_null(read(table[i].text, &err));
                if (!strstr(err.text, table[i].fault))
                        fail_msg("%s: %s", table[i].text, err.text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(reads_and_prints_money),
            cmocka_unit_test(finds_prices),
            cmocka_unit_test(refuses_what_is_wrong),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
