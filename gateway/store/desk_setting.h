/* desk_setting: what staff set in place of the files: a number of a rule (of an organisation, or of a pupil's
 * plan until a day) or the text of a message (of an organisation, in one language and channel).
 *
 *      proposed -> in-force | rejected | replaced (proposed anew)
 *      in-force -> superseded (by a later one) | undone (a row of its own brings back what stood before)
 *
 * What is urgent comes into force when a second person approves it, anything else at once. Bringing back what
 * stood before needs no second person: it has been in force already. Rows are never deleted: they are the
 * history. The values in force stand in rule_parameter, pupil_parameter and organisation_text, and are
 * written with the row in the caller's transaction. Knows no rule: whether a value is one, and who may set
 * it, is the caller's to check. */
#ifndef STORE_DESK_SETTING_H
#define STORE_DESK_SETTING_H

#include "store/put.h"

#include <stdbool.h>

#define SETTING_VALUE_MAX_BYTES 16384 /* of a text */
#define SETTING_LIST_MAX 500          /* rows that one list gives */

enum setting_kind { SETTING_PARAMETER, SETTING_TEXT };
enum setting_state {
        SETTING_PROPOSED,
        SETTING_IN_FORCE,
        SETTING_SUPERSEDED,
        SETTING_UNDONE,
        SETTING_REJECTED,
        SETTING_REPLACED,
};

/* What is set, and whose. */
struct setting_key {
        enum setting_kind kind;
        const char *organisation; /* of a pupil: the pupil's group */
        const char *pupil;        /* NULL: the organisation's own */
        const char *item;         /* the rule; the template */
        const char *part;         /* the parameter; "fi/sms" */
};

struct setting_wish {
        struct setting_key key;
        const char *value; /* NULL: none of its own any more */
        const char *until; /* of a pupil: the last day; NULL for all others */
        const char *by;    /* the person */
        int64_t seen;      /* the row in force that the person saw, 0: none; -1: whatever it is */
        bool urgent;       /* wants a second person */
};

/* A row. Texts are borrowed until the callback returns. */
struct setting {
        int64_t id;
        struct setting_key key;
        const char *value, *until, *before_value, *before_until;
        bool urgent;
        enum setting_state state;
        int64_t proposed_utc, decided_utc; /* 0: not yet */
        const char *proposed_by, *decided_by;
        int64_t undoes; /* 0: none */
        /* names for people; an id where there is none */
        const char *organisation_name, *pupil_name, *proposed_name, *decided_name;
};

/* Writes the wish down and, unless it is urgent, brings it into force. One that the same person has proposed
 * already is given back as it stands, any other proposal of the same key is replaced. ERR_CONFLICT: another
 * value has come into force than the person saw, or this one is in force already. */
int setting_propose(struct db *db, const struct setting_wish *wish, int64_t now_utc, int64_t *ret_id,
                    enum setting_state *ret_state, struct err *err);

/* ERR_NOT_FOUND; ERR_CONFLICT: it is proposed no more, BY has proposed it, or what stood before it has
 * changed. */
int setting_approve(struct db *db, int64_t id, const char *by, int64_t now_utc, struct err *err);

/* Whoever has proposed it may take it back so, too. ERR_NOT_FOUND, ERR_CONFLICT. */
int setting_reject(struct db *db, int64_t id, const char *by, int64_t now_utc, struct err *err);

/* Brings back what stood before, as a row of its own. ERR_NOT_FOUND; ERR_CONFLICT: it is not what is in
 * force. */
int setting_undo(struct db *db, int64_t id, const char *by, int64_t now_utc, int64_t *ret_id,
                 struct err *err);

/* What the owner itself sets (not those above it): the value and its last day, NULL where there is none
 * (free() both), and the row that set it; 0: none did. */
struct setting_standing {
        char *value, *until;
        int64_t id;
};
int setting_standing(struct db *db, const struct setting_key *key, struct setting_standing *ret_standing,
                     struct err *err);
void setting_standing_fini(struct setting_standing *standing);

/* 1: there is one, and EACH was called; else 0. */
int setting_get(struct db *db, int64_t id,
                int (*each)(void *context, const struct setting *setting, struct err *err), void *context,
                struct err *err);

/* The one of KEY that is in force or proposed. 1: there is one, and EACH was called; else 0. */
int setting_find(struct db *db, const struct setting_key *key, enum setting_state state,
                 int (*each)(void *context, const struct setting *setting, struct err *err), void *context,
                 struct err *err);

/* The latest first, of ORGANISATION and those below it. NULL and -1: any. */
struct setting_filter {
        const char *organisation, *pupil, *item, *part;
        int kind, state;
        int64_t before; /* only rows with a smaller id; 0: all */
        int limit;      /* 0: SETTING_LIST_MAX */
};
int setting_each(struct db *db, const struct setting_filter *filter,
                 int (*each)(void *context, const struct setting *setting, struct err *err), void *context,
                 struct err *err);

const char *setting_state_name(enum setting_state state); /* "in-force" */

/* What holds for ORGANISATION: its own value, or that of the nearest one above that sets it. 0: nobody does.
 */
struct setting_effective {
        char *value; /* free() it */
        char owner[ID_SIZE];
        char *owner_name; /* free() it */
};
int setting_effective(struct db *db, const struct setting_key *key, struct setting_effective *ret_effective,
                      struct err *err);
void setting_effective_fini(struct setting_effective *effective);

/* What the organisation itself has set, of KIND. */
int setting_own_each(struct db *db, enum setting_kind kind, const char *organisation,
                     int (*each)(void *context, const char *item, const char *part, struct err *err),
                     void *context, struct err *err);

/* The organisations of SCOPE (a JSON array) and those below them that have not ended, a parent before those
 * below it. */
#define SETTING_ORGANISATIONS_MAX 400
int setting_organisations(struct db *db, const char *scope, const char *today,
                          int (*each)(void *context, const char *id, const char *name, const char *kind,
                                      struct err *err),
                          void *context, struct err *err);

/* ---- the texts in force */

/* Another one after each change of a text; "" when there never was any. free() it. */
int organisation_text_version(struct db *db, char **ret_version, struct err *err);

/* Organisations above before those below. */
struct organisation_text {
        const char *organisation, *template, *language, *channel, *text;
        const char *above; /* the nearest organisation above that has texts; NULL: none */
};
int organisation_text_each(struct db *db,
                           int (*each)(void *context, const struct organisation_text *text, struct err *err),
                           void *context, struct err *err);

/* The nearest of ORGANISATION and those above it that has texts: 1; 0: none has. */
int organisation_text_owner(struct db *db, const char *organisation, char ret_owner[static ID_SIZE],
                            struct err *err);

#endif
