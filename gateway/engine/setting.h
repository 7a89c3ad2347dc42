/* setting: whether what somebody wants to set at the desk is a value: a number of a rule, the text of a
 * message. Knows no store and no person. */
#ifndef ENGINE_SETTING_H
#define ENGINE_SETTING_H

#include "compose/catalogue.h"
#include "compose/segment.h"
#include "engine/rule.h"

#include <stdbool.h>

#define SETTING_DURATION_MAX (400 * 86400) /* seconds */
#define SETTING_INTEGER_MAX 100000
#define SETTING_UNTIL_MAX_DAYS 730 /* a pupil's own number lasts two years at most */
#define SETTING_TEXT_MAX_BYTES 8192
#define SETTING_FAULT_MAX 8 /* faults of one text that are told */

/* ---- numbers */

/* VALUE for the parameter NAME of RULE. ERR_NOT_FOUND: no such rule or parameter; ERR_INVALID: no such value,
 * in one line that says how to write it. */
int setting_check_parameter(const struct rulebook *book, const char *rule, const char *name,
                            const char *value, struct err *err);

/* Whether a pupil's plan may set numbers of the rule: whether it is about one pupil. */
bool setting_is_of_pupils(const struct rule *rule);

/* UNTIL as the last day of a pupil's own number, seen from TODAY (days since 1970). ERR_INVALID. */
int setting_check_until(const char *until, int32_t today, struct err *err);

/* Whether any row of the rule may be urgent: changing it wants a second person. */
bool setting_is_urgent(const struct rule *rule);

/* ---- texts */

struct setting_text {
        const char *template, *language;
        enum catalogue_kind kind; /* CATALOGUE_SMS or CATALOGUE_EMAIL */
        const char *text;         /* as a file would hold it; NULL: what the catalogue has */
};

/* A text as its readers would see it. Zeroed when nothing could be made of it. */
struct setting_sample {
        char *title, *text; /* TITLE: NULL for an SMS */
        struct segment_size size;
};

struct setting_report {
        char *faults[SETTING_FAULT_MAX]; /* "LINE: WHAT: what to do" */
        int fault_count;
        struct setting_sample longest, shortest; /* with all that may be there, without what may be missing */
        bool is_urgent;                          /* a rule that uses it may be urgent */
};

/* Whether any rule sends such a message; *ret_urgent: one that may be urgent does. */
bool setting_is_sent(const struct rulebook *book, const struct setting_text *text, bool *ret_urgent);

/* Looks at a text as every line of every rule that names its template would use it. 0 however many faults
 * there are. ERR_NOT_FOUND: no rule sends such a message, or the catalogue has no such text; ERR_INVALID: no
 * such language; ERR_LIMIT: too long; ERR_NOMEM. setting_report_fini also after a failure. */
int setting_try_text(const struct rulebook *book, const struct catalogue *catalogue,
                     const struct setting_text *text, struct setting_report *ret_report, struct err *err);
void setting_report_fini(struct setting_report *report);

/* Each template that rules name, once, in the order of names, with the channels it is sent by (a bit of 1 <<
 * enum catalogue_kind each). */
struct setting_template {
        const char *name;
        const struct rule *rule; /* the first that names it */
        unsigned kinds;
        bool is_urgent;
};
int setting_each_template(const struct rulebook *book,
                          int (*each)(void *context, const struct setting_template *template,
                                      struct err *err),
                          void *context, struct err *err);

#endif
