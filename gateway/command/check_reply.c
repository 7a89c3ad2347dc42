/* Reply words: an SMS may ask for "1 = …" only where somebody who answers so is heard. */
#include "command/check.h"
#include "command/reply_ways.h"
#include "command/resources.h"
#include "compose/catalogue.h"
#include "deliver/reply.h"
#include "engine/rule.h"

#include <stdio.h>
#include <string.h>

int check_reply_open(struct check *check, const char *templates, const char *overlay, struct err *err)
{
        _cleanup_(free_ptr) char *path = NULL;
        struct err fault = {0};
        int r = resource_template_file("replies.yaml", templates ? templates : overlay, &path, &fault);

        if (r == 0)
                r = reply_words_load(path, &check->words, &fault);
        if (r == 0 || r == ERR_NOMEM)
                return r == 0 ? 0 : err_set(err, r, "check: out of memory");
        return check_fault(check, "%s", fault.text);
}

/* ---- what the configuration says */

static void note_one_way(struct check *check, const struct config_provider *config,
                         const struct provider *provider, const struct sms_way *way)
{
        const char *sender = reply_ways_sender(config, way);
        int length = snprintf(check->one_way, sizeof check->one_way,
                              "what %.40s sends to %s%s%.40s cannot be answered", way->provider,
                              *way->prefix ? way->prefix : "any number", *way->organisation ? " for " : "",
                              way->organisation);

        if (length < 0 || (size_t)length >= sizeof check->one_way)
                return;
        if (!provider_has_replies(provider))
                snprintf(check->one_way + length, sizeof check->one_way - (size_t)length,
                         " (its file has no replies)");
        else if (sender)
                snprintf(check->one_way + length, sizeof check->one_way - (size_t)length,
                         " (the sender %.40s is a name)", sender);
        else
                snprintf(check->one_way + length, sizeof check->one_way - (size_t)length,
                         " (SENDER is not set)");
}

int check_reply_provider(struct check *check, const struct config_provider *config,
                         const struct provider *provider, struct err *err)
{
        struct sms_way *ways = NULL;
        int count = 0, r = reply_ways_add(config, provider, 0, &ways, &count, err);

        for (int i = 0; i < count && r == 0; i++) {
                const char *prefix = *ways[i].prefix ? ways[i].prefix : "other";

                check->any_replies = check->any_replies || ways[i].two_way;
                if (!ways[i].two_way && !check->one_way[0])
                        note_one_way(check, config, provider, &ways[i]);
                if (json_array_append_new(check->ways,
                                          json_pack("{s:s, s:s, s:s, s:b}", "provider", ways[i].provider,
                                                    "prefix", prefix, "organisation", ways[i].organisation,
                                                    "can_reply", ways[i].two_way)) < 0)
                        r = err_set(err, ERR_NOMEM, "check: out of memory");
        }
        free(ways);
        return r;
}

/* ---- a text */

/* Where the words stand: in the template or in one of its partials. */
struct place_of {
        const char *piece, *name;
        int line;
        struct catalogue_partials *partials;
};

static int look_in_partial(const struct template_use *use, void *told)
{
        struct place_of *place = told;
        const struct template *partial =
            use->kind == TEMPLATE_USE_PARTIAL ? catalogue_partial(place->partials, use->path) : NULL;

        if (!partial || place->line)
                return 0;
        place->line = template_line_of(partial, place->piece);
        if (place->line)
                place->name = template_name(partial);
        return 0;
}

/* Whoever gets an answer to an SMS has sent one. */
static bool is_answer(const struct rule *rule)
{
        return strcmp(rule->name, "reply-confirmed") == 0;
}

int check_reply(struct check *check, const struct rule *rule, const struct catalogue *catalogue,
                const struct catalogue_entry *entry, const char *text, bool can_reply)
{
        struct catalogue_partials partials = {catalogue, entry->language};
        char asked[REPLY_ASKED_MAX];
        struct place_of place = {.piece = asked, .name = template_name(entry->text), .partials = &partials};
        enum reply_answer answer = check->words ? reply_asked(check->words, text, asked) : REPLY_UNCLEAR;
        bool is_heard = answer == REPLY_STOP || answer == REPLY_START || sms_way_is_asked(rule->name);

        if (answer == REPLY_UNCLEAR || is_answer(rule))
                return 0;
        if (is_heard && (can_reply || (check->ways_known && !check->one_way[0])))
                return 0;
        place.line = template_line_of(entry->text, asked);
        if (!place.line)
                template_variables(entry->text, catalogue_partial, &partials, look_in_partial, &place);
        if (!is_heard)
                return check_fault(
                    check,
                    "%s:%d: asks for \"%s\" by SMS, but no answer to rule %s is understood: take it out",
                    place.name, place.line, asked, rule->name);
        return check_fault(check,
                           "%s:%d: asks for \"%s\" by SMS, but %s: set it into "
                           "{{#can_reply}}…{{/can_reply}}",
                           place.name, place.line, asked,
                           check->ways_known ? check->one_way : "not every sender can be answered");
}
