/* text_check: whether a template asks only for what a rule supplies, with values and without those that may
 * be missing, and how long it becomes. Looks into no database. */
#ifndef ENGINE_TEXT_CHECK_H
#define ENGINE_TEXT_CHECK_H

#include "compose/catalogue.h"
#include "compose/segment.h"
#include "engine/rule.h"

struct value;

/* One template, as one line of a rule's `notify` uses it, in one language. */
struct text_check {
        const struct catalogue *catalogue;
        const struct rule *rule;
        const struct rule_notify *notify; /* its `template` is looked at */
        const char *language;
        enum catalogue_kind kind;
        bool no_replies; /* no SMS can be answered: the longest asks for no answer either */
        /* What is wrong, "TEMPLATE:LINE: WHAT: what to do"; a negative return ends the check. */
        int (*fault)(void *context, const char *text);
        /* It as made of samples: EVERYTHING that may be there, at its longest, or the least. TITLE is NULL
         * for an SMS, SIZE all 0 for an e-mail. May be NULL. */
        int (*rendered)(void *context, const char *title, const char *text, bool everything,
                        const struct segment_size *size);
        /* An SMS as it is where it can be answered by SMS, and where not. May be NULL. */
        int (*answerable)(void *context, const struct catalogue_entry *entry, const char *text,
                          bool can_reply);
        void *context;
};

/* 0 however many faults were told. ERR_NOT_FOUND: the language has no such template; ERR_NOMEM and what the
 * callbacks return. */
int text_check(const struct text_check *check, struct err *err);

/* Values as the templates of NOTIFY see them: all that may be there, or only what is always there. NULL when
 * memory ran out. */
struct value *rule_sample(const struct rule *rule, const struct rule_notify *notify, bool everything);

#endif
