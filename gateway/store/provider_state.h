/* provider_state: how a provider does: its breaker, as the courier last noted it, and what the newest
 * attempts say. Runs inside the caller's transaction. */
#ifndef STORE_PROVIDER_STATE_H
#define STORE_PROVIDER_STATE_H

#include "store/message.h"

#define PROVIDER_STATE_BACK 100000 /* messages: older attempts are not looked at */

/* The breaker is open, and one message is tried at PROBE_AT, or it is closed. Since when is kept while it
 * stays so. */
int provider_state_note(struct db *db, const char *provider, bool is_open, int64_t probe_at, int64_t now_utc,
                        struct err *err);

/* Whoever sends begins anew, with every breaker closed. */
int provider_state_begin(struct db *db, int64_t now_utc, struct err *err);

struct provider_state {
        bool is_open;
        int64_t since;    /* 0: nothing was ever noted */
        int64_t probe_at; /* of open */
        int64_t accepted; /* when it last took a message; 0: not among the newest */
        int64_t failed;   /* when it last refused one or gave no clear answer; 0: not among the newest */
        int status;       /* of that failure: HTTP or SMTP; 0: none came */
        char detail[MESSAGE_DETAIL_MAX];
};

int provider_state_get(struct db *db, const char *provider, struct provider_state *ret_state,
                       struct err *err);

#endif
