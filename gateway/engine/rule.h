/* rule: one file of rules/, read and checked. What it may say stands in rules/README.md.
 *
 * A rulebook holds the rules of one or more folders: a file in a later folder replaces the one of the same
 * rule in an earlier. It is immutable; reloading makes a new one. The selects keep prepared statements, so a
 * rulebook is used by one thread at a time. */
#ifndef ENGINE_RULE_H
#define ENGINE_RULE_H

#include "base/err.h"
#include "store/select.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define RULE_MAX 256          /* rules in a book */
#define RULE_PARAMETER_MAX 24 /* of one rule */
#define RULE_VALUE_MAX 48
#define RULE_LIST_MAX 4
#define RULE_NOTIFY_MAX 8
#define RULE_CHANNEL_MAX 2
#define RULE_FAULT_TEMPLATE "message-fault" /* for staff, of a message that could not be made */

enum rule_type { RULE_TEXT, RULE_COUNT, RULE_DATE, RULE_TIME, RULE_BOOL };

/* A duration is in seconds; a time of day is in seconds from noon. */
enum rule_parameter_kind { RULE_PARAMETER_DURATION, RULE_PARAMETER_TIME, RULE_PARAMETER_INTEGER };

struct rule_parameter {
        char *name, *text; /* as written */
        enum rule_parameter_kind kind;
        int64_t value;
};

/* How a column of a select is typed for templates. */
struct rule_value {
        char *name;
        enum rule_type type;
};

struct rule_select {
        char *name;
        struct select *select;
        struct rule_value *values;
        int value_count;
};

struct rule_notify {
        char *to;             /* a word of engine/recipient.h */
        char *template;       /* of templates/LANG */
        char *staff_template; /* for staff who are told in place of the home; NULL: the same */
        char *when;           /* column that must not be 0 or NULL; NULL: always */
        char *covered_when;   /* column that is not 0 or NULL where they know it already */
        char *muted_by;       /* choice of a person that mutes it … */
        char *unless;         /* … but where this column is not 0 or NULL */
        char *by[RULE_CHANNEL_MAX];
        int by_count;
        /* Column with a time: whose calendar was fetched since then is not told. NULL, or a value of NULL: no
         * matter. */
        char *unless_fetched;
        char *ladder; /* the rule that tries the next channel, of those of the home; NULL: it is tried at once
                       */
};

/* Staff, in place of whom a message could not be made for. */
extern const struct rule_notify rule_fault_notify;

/* The case that a match opens or joins before anybody is told. */
struct rule_case {
        char *owner; /* role, or a column that gives one */
        char *when;  /* column that must not be 0 or NULL; NULL: always */
        char *step;  /* a column, or the step itself; NULL: no step of its own */
        bool owner_is_column, step_is_column;
};

struct rule {
        char *name, *about, *kind, *file, *hash, *text;
        char *gone;    /* why a match ends when its row is no more: 'corrected', 'cancelled' */
        char *publish; /* "absence.alerted"; NULL: nothing */
        char *covers; /* family of rules: who has heard from one of them about a pupil hears from no other for
                         some school days; NULL: none */
        char *urgent_when; /* column that makes a row urgent; NULL: `urgent` says it of all */
        bool urgent, has_case;
        bool needs_register; /* waits while the register that it rests on is stale */
        bool forgets;        /* a match whose row goes before it was told is no news to anybody */
        struct rule_case case_wish;
        struct rule_parameter parameters[RULE_PARAMETER_MAX];
        struct rule_select main;
        struct rule_select lists[RULE_LIST_MAX];
        struct select *marks;
        struct rule_notify notify[RULE_NOTIFY_MAX];
        int parameter_count, list_count, notify_count;
        int covered_for; /* of `covers`: the parameter that says for how many school days */
        int64_t version; /* rule_version.id, 0: not asked yet */
};

struct rulebook {
        struct rule *rules[RULE_MAX]; /* by name */
        int count;
        struct select_sandbox *sandbox;
};

/* Reads FOLDERS (each with its subfolders, files *.yaml) in order. DB lends its views. Goes on after a bad
 * file so that all faults are told: each through TELL (may be NULL); returns the first. */
int rulebook_load(struct db *db, const char *const *folders, int folder_count,
                  void (*tell)(void *context, const struct err *fault), void *context,
                  struct rulebook **ret_book, struct err *err);
struct rulebook *rulebook_free(struct rulebook *book);

struct rule *rulebook_find(const struct rulebook *book, const char *name); /* NULL: none */

/* The value of a parameter written as in a rule's file; false when it is not of KIND. */
bool rule_parameter_read(enum rule_parameter_kind kind, const char *text, int64_t *ret_value);

#endif
