/* What the files of engine/ share about a run over one subject. Nobody outside includes it. */
#ifndef ENGINE_ENGINE_PRIVATE_H
#define ENGINE_ENGINE_PRIVATE_H

#include "base/zone_keep.h"
#include "compose/catalogue.h"
#include "compose/locale.h"
#include "engine/engine.h"
#include "engine/evaluate.h"
#include "engine/texts.h"
#include "store/case_file.h"
#include "store/page_link.h"
#include "store/place.h"
#include "store/recipient.h"

struct engine {
        struct rulebook *book;
        const struct catalogue *catalogue;
        struct texts *texts; /* what organisations have in place of the catalogue's */
        struct locale_cache *locales;
        void (*effect)(void *context, const struct effect *effect);
        void *effect_context;
        int (*invite)(void *context, struct db *db, const char *rule, const char *meeting, const char *person,
                      const char *address, int64_t now_utc, char **ret_calendar, struct err *err);
        void *invite_context;
        struct change *changes; /* room for a step */
        int change_room;
        bool has_parameters; /* somebody sets some of their own: asked once a step */
};

/* One match that is about to be told, or that would have been. */
struct firing {
        struct engine *engine;
        struct db *db;
        struct rule *rule;
        const struct subject *subject;
        const struct row *row;
        const struct parameter_values *parameters;
        struct place place;
        const struct catalogue *catalogue; /* the templates of the place */
        char today[11];                    /* in the place's zone */
        bool pupil_is_protected;
        bool urgent;           /* the rule, or this row of it */
        struct case_file file; /* that the match belongs to; id "": none */
        int64_t match, now;
};

void engine_tell(const struct firing *firing,
                 const struct effect *effect); /* fills in rule, subject, key, time, zone */

/* Fills in the place, the day, what is urgent and whom it protects; engine, db, rule, subject, row,
 * parameters, match and now are set. The caller frees the place, also after a failure. */
int firing_begin(struct firing *firing, struct err *err);

/* fire.c: the notices, messages and event of a match; then the match is fired. */
int fire(struct firing *firing, struct err *err);
/* Ends the match before it was told: one suppression for each who would have been told. */
int suppress(struct firing *firing, const char *reason, struct err *err);

/* Notes that PERSON is not told, and why. */
int firing_suppression(struct firing *firing, const char *person, const char *reason, struct err *err);

/* Says HELD to each who would be told now. */
int hold(struct firing *firing, const char *reason, struct err *err);

/* register.c: 1 when the match must wait for a fresher register; it is held then, which is told once. */
int register_hold(struct firing *firing, struct err *err);

struct new_message;
/* digest.c: a further notice of this moment to the same member of staff joins the message that waits to
 * leave. 1: it has; 0: it needs a message of its own. */
int digest_join(struct firing *firing, int64_t notice, const struct new_message *message, struct err *err);
/* Makes one message of those to one member of staff whose quiet hours are over: before notice_release. */
int digest_gather(struct db *db, int64_t now_utc, struct err *err);

/* budget.c: what an SMS costs and whose budget it falls on; holds one that is not urgent and goes over it. */
int budget_weigh(struct firing *firing, struct new_message *message, struct err *err);
/* Lets go what waits for a budget that has room again. */
int budget_release(struct db *db, int64_t now_utc, struct err *err);

/* fuse.c: counts one message to PERSON; 1 when it must be held. */
int fuse_hold(struct firing *firing, const char *person, struct err *err);

/* parameter.c: the rule's parameters for the subject. *ret_used is RET_VALUES, or NULL: the rule's own. */
int subject_parameters(struct engine *engine, struct db *db, const struct rule *rule,
                       const struct subject *subject, int64_t now_utc, struct parameter_values *ret_values,
                       const struct parameter_values **ret_used, struct err *err);

/* next_channel.c: notices whose message did not arrive are told by the next channel of their rule, at most
 * MAX messages' notices; without one they are given up. */
int next_channels(struct engine *engine, struct db *db, int64_t now_utc, int max, int *ret_done,
                  struct err *err);

/* case.c: opens or joins the case that the rule asks for; of a rule about a case, finds it. */
int firing_case(struct firing *firing, struct err *err);
int firing_find_case(struct firing *firing, struct err *err);   /* only finds that of a rule about a case */
int firing_joined_case(struct firing *firing, struct err *err); /* also the one that the match has joined */
struct recipient_scope firing_scope(const struct firing *firing);

/* covered.c: 1 when PERSON has been told by a rule of the same family about the same pupil, and lately. */
int firing_is_covered(const struct firing *firing, const char *person, struct err *err);

/* link.c: the value `link` of the templates, null where there is no page for the reader or no base URL; the
 * row is written when the text that was made carries it. */
struct firing_link {
        char token[PAGE_TOKEN_MAX]; /* "": none */
        struct page_link row;
};
int firing_link(struct firing *firing, const struct rule_notify *notify, const struct recipient *recipient,
                struct value *values, struct firing_link *ret_link, struct err *err);
int firing_link_keep(struct firing *firing, const struct firing_link *link, const char *text,
                     struct err *err);

/* values.c: what the templates of the rule see. *ret_values is the caller's. NAMELESS: without the pupil's
 * name, for those who work for another controller than the school. */
int firing_values(struct firing *firing, bool nameless, struct value **ret_values, struct err *err);
/* The recipient's part of them, set anew for each. */
int firing_recipient_values(struct value *values, const struct recipient_person *person);

#endif
