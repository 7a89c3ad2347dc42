/* check: whether rules, templates and providers fit together. Everything wrong is told, not the first alone.
 */
#ifndef COMMAND_CHECK_H
#define COMMAND_CHECK_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct catalogue;
struct catalogue_entry;
struct config_provider;
struct db;
struct provider;
struct reply_words;
struct rule;
struct rulebook;

/* Zero it, fill in what is given, and check_fini after. */
struct check {
        struct db *db; /* has the schema; a private one will do */
        const struct rulebook *book;
        const struct catalogue *catalogue;
        const char *database; /* whose people's languages count too; NULL: none */
        json_t *faults;       /* texts, each once */
        json_t *fallbacks;    /* {"language", "messages": […], "own_line"} */
        json_t *lengths;      /* {"template", "language", "encoding", "segments", "cost"} of each SMS, at its
                                 longest */
        int templates;        /* looked at */
        struct reply_words *words;
        bool ways_known;   /* the configuration's providers were looked at */
        bool any_replies;  /* some SMS can be answered */
        char one_way[200]; /* an SMS that cannot be answered, "what twilio sends to +46 …"; "": all can */
        json_t *ways;      /* {"provider", "prefix", "organisation", "can_reply"} */
        bool costs_known;
        int64_t segment_micros; /* price of a segment to SAMPLE_NUMBER; negative: none is known */
        char currency[8];
};

/* Loads rules and templates, checks them against each other and fills the check. 0 however many faults there
 * are. RULES, TEMPLATES: folders in place of the shipped ones, NULL: those; the overlays may be NULL. */
int check_run(struct check *check, const char *rules, const char *rules_overlay, const char *templates,
              const char *templates_overlay, struct err *err);
void check_fini(struct check *check);

/* Prints faults and fallbacks; ERR_INVALID with an empty text when there are faults. */
int check_print(const struct check *check, bool json, struct err *err);

/* ---- for check*.c alone */

#define SAMPLE_NUMBER "+358400000010" /* whose price is shown */

int check_fault(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* No query of a rule reads a growing table from end to end. */
int check_plans(struct check *check, struct err *err);
/* Every template that a rule names is there and asks only for what the rule supplies. */
int check_templates(struct check *check, struct err *err);
/* check_reply.c: whether an SMS asks for an answer by SMS that nobody can give. */
int check_reply_open(struct check *check, const char *templates, const char *overlay, struct err *err);
int check_reply_provider(struct check *check, const struct config_provider *config,
                         const struct provider *provider, struct err *err);
int check_reply(struct check *check, const struct rule *rule, const struct catalogue *catalogue,
                const struct catalogue_entry *entry, const char *text, bool can_reply);
/* What is set in the database for the rules' parameters can be read. */
int check_settings(struct check *check, struct err *err);
/* Those of calendars. */
int check_calendar(struct check *check, struct err *err);

#endif
