/* unsubscribe: the link by which a reader of an e-mail takes the address off all messages but urgent ones
 * (RFC 8058). Its token is the message's number and a code that only this database can make; nothing is
 * stored for it. */
#ifndef STORE_UNSUBSCRIBE_H
#define STORE_UNSUBSCRIBE_H

#include "store/put.h"

#define UNSUBSCRIBE_TOKEN_MAX 48 /* bytes, with the NUL */
#define UNSUBSCRIBE_ADDRESS_MAX 321

int unsubscribe_token(struct db *db, int64_t message, char ret_token[static UNSUBSCRIBE_TOKEN_MAX],
                      struct err *err);

struct unsubscribe {
        char channel[8], address[UNSUBSCRIBE_ADDRESS_MAX], language[16];
        bool is_stopped;
};

/* 1: the link is good, 0: it is none of ours, or its message is no longer kept. */
int unsubscribe_find(struct db *db, const char *token, struct unsubscribe *ret_unsubscribe, struct err *err);

#endif
