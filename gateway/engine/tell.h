/* tell: the people of one match are told, each by the first channel that works; and one of them again by the
 * next, when it turned out not to have worked. Part of engine/, nobody outside includes it. */
#ifndef ENGINE_TELL_H
#define ENGINE_TELL_H

#include "engine/engine_private.h"

struct notice_again;

/* One step of the rule's notify list, for the people it means. */
struct telling {
        struct firing *firing;
        const struct rule_notify *notify;
        struct value *values; /* of the person who is being told: one of these two */
        struct value *named, *nameless;
        const struct notice_again *again; /* the notice that needs another channel; NULL: a first telling */
        int step;
        bool office_hours;
        bool is_faulty; /* somebody of the home has no message, because it could not be made */
};

/* Makes what the templates see; tell_close frees it, also after a failure. */
int tell_open(struct telling *telling, struct firing *firing, struct err *err);
void tell_close(struct telling *telling);

/* Everybody whom the rule's notify list means. */
int tell_all(struct telling *telling, struct err *err);

/* What became of a notice whose message did not arrive. */
enum told_again {
        AGAIN_TOLD,   /* by another channel, or others see to it */
        AGAIN_OVER,   /* the person is not to be told any more */
        AGAIN_NOBODY, /* no channel is left */
};
int tell_again(struct telling *telling, const struct notice_again *again, enum told_again *ret_told,
               struct err *err);

#endif
