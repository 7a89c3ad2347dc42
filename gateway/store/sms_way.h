/* sms_way: whether whoever gets an SMS can answer it. A provider of the configuration may carry a message to
 * some numbers; its sender, or that of an organisation, is a number that replies come back to, or a name that
 * nobody can reply to. Runs inside the caller's transaction. */
#ifndef STORE_SMS_WAY_H
#define STORE_SMS_WAY_H

#include "base/err.h"

#include <stdbool.h>

struct db;

struct sms_way {
        int position;             /* of the provider in the configuration */
        const char *prefix;       /* "+358"; "": every number */
        const char *organisation; /* that has a sender of its own; "": all others */
        const char *provider;
        bool two_way;
};

/* Takes the place of all that were there; writes nothing when they are the same. */
int sms_way_replace(struct db *db, const struct sms_way *ways, int count, struct err *err);

/* 1 when every provider that may carry an SMS to NUMBER about ORGANISATION brings replies: also one that only
 * stands in for another, since the text is written before it is known which. 0 also when none takes it. */
int sms_way_can_reply(struct db *db, const char *number, const char *organisation, struct err *err);

/* Whether an answer by SMS to a message of RULE is understood, as in the view asked_by_sms. */
bool sms_way_is_asked(const char *rule);

#endif
