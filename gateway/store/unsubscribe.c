#include "store/unsubscribe.h"
#include "store/page_link.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

int unsubscribe_token(struct db *db, int64_t message, char ret_token[static UNSUBSCRIBE_TOKEN_MAX],
                      struct err *err)
{
        char key[24], code[PAGE_TOKEN_MAX];
        int r;

        snprintf(key, sizeof key, "%lld", (long long)message);
        r = page_token(db, "unsubscribe", "", "", key, code, err);
        if (r == 0)
                snprintf(ret_token, UNSUBSCRIBE_TOKEN_MAX, "%s.%s", key, code);
        return r;
}

static int read_message(struct db *db, int64_t message, struct unsubscribe *ret_unsubscribe, struct err *err)
{
        struct query q;
        int r;

        query_start(
            &q, db,
            "SELECT m.channel, m.address, m.language,"
            "       EXISTS (SELECT 1 FROM contact_stop s WHERE s.channel = m.channel AND s.value = m.address)"
            "  FROM message m WHERE m.id = ?",
            err);
        query_int(&q, message);
        r = query_row(&q);
        if (r > 0) {
                *ret_unsubscribe = (struct unsubscribe){.is_stopped = column_int(&q, 3)};
                snprintf(ret_unsubscribe->channel, sizeof ret_unsubscribe->channel, "%s", column_text(&q, 0));
                snprintf(ret_unsubscribe->address, sizeof ret_unsubscribe->address, "%s", column_text(&q, 1));
                snprintf(ret_unsubscribe->language, sizeof ret_unsubscribe->language, "%s",
                         column_text(&q, 2));
        }
        query_end(&q);
        return r;
}

int unsubscribe_find(struct db *db, const char *token, struct unsubscribe *ret_unsubscribe, struct err *err)
{
        char expected[UNSUBSCRIBE_TOKEN_MAX];
        const size_t length = strlen(token);
        long long message;
        int end = 0, r;

        if (length >= UNSUBSCRIBE_TOKEN_MAX || sscanf(token, "%19lld.%n", &message, &end) != 1 || !end ||
            message <= 0)
                return 0;
        r = unsubscribe_token(db, message, expected, err);
        if (r < 0)
                return r;
        if (strlen(expected) != length || CRYPTO_memcmp(expected, token, length) != 0)
                return 0;
        return read_message(db, message, ret_unsubscribe, err);
}
