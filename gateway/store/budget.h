/* budget: what an SMS costs before it is sent, and what an organisation may spend on them in a month. Prices
 * and budgets come from the configuration; money is in millionths of its currency. Runs inside the caller's
 * transaction. */
#ifndef STORE_BUDGET_H
#define STORE_BUDGET_H

#include "store/put.h"

#define BUDGET_MONTH_SIZE 8 /* "2026-11" and NUL */

struct price {
        const char *provider, *prefix; /* "+358"; "": any other number */
        int position;                  /* of the provider in the configuration */
        int64_t micros;                /* of one segment */
};

struct budget {
        const char *organisation;
        int64_t micros; /* a month */
};

/* Takes the place of all that were there; writes nothing when they are the same. */
int budget_replace(struct db *db, const struct price *prices, int price_count, const struct budget *budgets,
                   int budget_count, struct err *err);

/* The price of one segment to a number, by the first provider that has one: 1, or 0 when nobody has. */
int price_find(struct db *db, const char *address, int64_t *ret_micros, struct err *err);

/* Whose budget it is: the nearest of ORGANISATION and those above it that has one. 1, or 0 when none has.
 * *ret_left is what MONTH has left, negative when it is overdrawn. */
int budget_find(struct db *db, const char *organisation, const char *month, char ret_payer[static ID_SIZE],
                int64_t *ret_left, struct err *err);

int budget_spend(struct db *db, const char *payer, const char *month, int64_t micros, int64_t now_utc,
                 struct err *err);

/* The oldest message that waits for its budget though this has room now, or is no more. 1: there is one. */
struct budget_waiting {
        int64_t message, micros;
        char payer[ID_SIZE], timezone[64]; /* the payer's zone */
};
int budget_next_waiting(struct db *db, const char *month, struct budget_waiting *ret_waiting,
                        struct err *err);
/* It waits until NOT_BEFORE, for the quiet hours alone, and counts in MONTH. */
int budget_let_go(struct db *db, const struct budget_waiting *waiting, const char *month, int64_t not_before,
                  int64_t now_utc, struct err *err);

/* Each budget with what MONTH has spent of it. */
int budget_each(struct db *db, const char *month,
                int (*each)(void *context, const char *organisation, int64_t micros, int64_t spent,
                            struct err *err),
                void *context, struct err *err);

#endif
