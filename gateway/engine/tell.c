/* One person after the other is told of a match: whom, where, in what words, and what must wait. */
#include "base/log.h"
#include "compose/message.h"
#include "compose/segment.h"
#include "engine/quiet.h"
#include "engine/tell.h"
#include "store/feed.h"
#include "store/meeting_invitation.h"
#include "store/notice.h"
#include "store/notice_again.h"
#include "store/sms_way.h"

#include <stdio.h>
#include <string.h>

#define DEADLINE_DEFAULT (3 * 86400) /* seconds: of a match that does not close */

/* What became of the attempt to tell one person. Only for the unreachable does the next rank stand in. */
enum told { TOLD, LEFT_OUT, UNREACHABLE };

static int note_why(struct firing *firing, const char *person, const char *reason, const char *detail,
                    struct err *err)
{
        struct effect effect = {.kind = EFFECT_SUPPRESSED, .recipient = person, .reason = reason};
        int r = suppression_add(firing->db, firing->match, person, reason, detail, firing->now, err);

        if (r > 0)
                engine_tell(firing, &effect);
        return r < 0 ? r : 0;
}

int firing_suppression(struct firing *firing, const char *person, const char *reason, struct err *err)
{
        return note_why(firing, person, reason, NULL, err);
}

/* ---- the text */

static int compose_in(struct telling *telling, const char *language, const char *zone,
                      enum catalogue_kind kind, const char *template, char **ret_title, char **ret_text,
                      struct err *err)
{
        struct engine *engine = telling->firing->engine;
        struct locale *locale;
        int r = locale_cache_get(engine->locales, language, zone, &locale, err);

        return r < 0 ? r
                     : compose_message(telling->firing->catalogue, locale, template, kind, telling->values,
                                       ret_title, ret_text, err);
}

/* A language without the template gets the organisation's first, and one line of its own that says whom to
 * call. */
static int add_own_line(struct telling *telling, const char *language, const char *zone, char **text,
                        struct err *err)
{
        _cleanup_(free_ptr) char *title = NULL, *line = NULL;
        char *both;
        int r;

        if (!catalogue_find(telling->firing->catalogue, language, "call-school", CATALOGUE_SMS))
                return 0;
        r = compose_in(telling, language, zone, CATALOGUE_SMS, "call-school", &title, &line, err);
        if (r < 0)
                return r;
        if (asprintf(&both, "%s\n%s", *text, line) < 0)
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        free(*text);
        *text = both;
        return 0;
}

/* Times are the school's: a lesson begins by the clock on its wall, wherever its reader lives. */
static int compose(struct telling *telling, const char *template, const struct recipient_person *person,
                   struct new_message *message, char **ret_title, char **ret_text, struct err *err)
{
        const struct place *place = &telling->firing->place;
        const char *own = person->language ? person->language : place->language;
        const char *zone = place->timezone;
        enum catalogue_kind kind = strcmp(message->channel, "sms") == 0 ? CATALOGUE_SMS : CATALOGUE_EMAIL;
        struct segment_size size = {0};
        bool has_own;
        int r;

        has_own = catalogue_find(telling->firing->catalogue, own, template, kind) != NULL;
        message->language = has_own ? own : place->language;
        r = compose_in(telling, message->language, zone, kind, template, ret_title, ret_text, err);
        if (r == 0 && !has_own)
                r = add_own_line(telling, own, zone, ret_text, err);
        if (r == 0 && kind == CATALOGUE_SMS)
                r = segment_count(*ret_text, &size, err);
        message->segments = (int)size.segments;
        return r;
}

/* Staff who are told in place of the home, or beside it, read what is written for them. */
static const char *template_for(const struct telling *telling, const struct recipient *recipient)
{
        const struct rule_notify *notify = telling->notify;

        return recipient->is_staff && notify->staff_template ? notify->staff_template : notify->template;
}

static bool is_fault(int r)
{
        return r == ERR_INVALID || r == ERR_NOT_FOUND || r == ERR_LIMIT;
}

/* What staff get in place of a message that could not be made. Where not even that can be, words of our own.
 */
static int compose_instead(struct telling *telling, const struct recipient_person *person,
                           struct new_message *message, char **ret_title, char **ret_text, struct err *err)
{
        const struct firing *firing = telling->firing;
        int r;

        value_set_text(telling->values, "fault.rule", firing->rule->name);
        r = compose(telling, RULE_FAULT_TEMPLATE, person, message, ret_title, ret_text, err);
        if (!is_fault(r))
                return r;
        log_error("engine", "template %s: %s", RULE_FAULT_TEMPLATE, err->text);
        *ret_title = strcmp(message->channel, "email") == 0 ? strdup("Kapula: " RULE_FAULT_TEMPLATE) : NULL;
        if (asprintf(ret_text, "Kapula: %s, %s: the message could not be made. Please see to it yourself.",
                     firing->rule->name, firing->file.id[0] ? firing->file.id : firing->subject->id) < 0)
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        message->language = "en";
        return 0;
}

/* ---- one person */

static bool has_channel(const struct rule_notify *notify, const char *channel)
{
        for (int i = 0; i < notify->by_count; i++)
                if (strcmp(notify->by[i], channel) == 0)
                        return true;
        return false;
}

/* 1: the person has an address there, and no message of this notice has gone that way. */
static int try_channel(struct telling *telling, const struct recipient *recipient, const char *channel,
                       const struct contact_wish *wish, char **ret_address, struct err *err)
{
        struct db *db = telling->firing->db;
        int r = telling->again ? notice_has_channel(db, telling->again->id, channel, err) : 0;

        if (r != 0)
                return r < 0 ? r : 0;
        return contact_find(db, recipient->person, channel, wish, ret_address, err);
}

/* Where the person can be reached, by the first working channel; by e-mail first for what is not urgent, when
 * they chose so. 1: found. */
static int find_address(struct telling *telling, const struct recipient *recipient,
                        const struct recipient_person *person, const char **ret_channel, char **ret_address,
                        struct err *err)
{
        const struct contact_wish wish = {
            .safe_only =
                person->is_protected || (telling->firing->pupil_is_protected && !recipient->is_staff),
            .urgent = telling->firing->urgent,
        };
        int r =
            wish.urgent ? 0 : person_has_choice(telling->firing->db, recipient->person, "email-first", err);

        if (r > 0 && has_channel(telling->notify, "email")) {
                *ret_channel = "email";
                r = try_channel(telling, recipient, *ret_channel, &wish, ret_address, err);
        } else if (r > 0) {
                r = 0;
        }
        for (int i = 0; i < telling->notify->by_count && r == 0; i++) {
                *ret_channel = telling->notify->by[i];
                r = try_channel(telling, recipient, *ret_channel, &wish, ret_address, err);
        }
        return r;
}

static int decide_fuse(struct telling *telling, const struct recipient *recipient,
                       struct new_message *message, struct err *err)
{
        int r = fuse_hold(telling->firing, recipient->person, err);

        if (r <= 0 || (message->held && strcmp(message->held, "confirmation") == 0))
                return r < 0 ? r : 0;
        message->held = "fuse";
        message->not_before = INT64_MAX;
        return 0;
}

static bool keeps_office_hours(const struct telling *telling, const struct recipient *recipient)
{
        const char *supervisor = telling->firing->row->supervisor;

        return recipient->is_staff || telling->office_hours ||
               (supervisor && strcmp(supervisor, recipient->person) == 0);
}

/* Why a message must wait, if it must. */
static int decide_hold(struct telling *telling, const struct recipient *recipient,
                       const struct recipient_person *person, struct new_message *message, struct err *err)
{
        struct firing *firing = telling->firing;
        struct quiet_choice chosen;
        struct zone *zone;
        int64_t until;
        int r;

        message->not_before = firing->now;
        if (firing->pupil_is_protected && !recipient->is_staff) {
                message->held = "confirmation";
                message->not_before = INT64_MAX;
                return 0;
        }
        if (firing->urgent)
                return 0;
        r = zone_keep(person->timezone ? person->timezone : firing->place.timezone, &zone, err);
        if (r < 0)
                return r;
        r = quiet_choice_get(firing->db, recipient->person, &chosen, err);
        if (r < 0)
                return r;
        until = quiet_until(zone, firing->now, keeps_office_hours(telling, recipient), &chosen);
        if (until > firing->now) {
                message->held = "quiet-hours";
                message->not_before = until;
        }
        return 0;
}

/* An e-mail without its invitation is an e-mail all the same. */
static int add_invitation(struct firing *firing, const struct recipient *recipient,
                          const struct new_message *message, int64_t id, struct err *err)
{
        struct engine *engine = firing->engine;
        _cleanup_(free_ptr) char *calendar = NULL;
        struct err fault = {0};

        if (!engine->invite || strcmp(message->channel, "email") != 0 ||
            strcmp(firing->subject->kind, "meeting") != 0 || strncmp(firing->rule->name, "meeting-", 8) != 0)
                return 0;
        if (engine->invite(engine->invite_context, firing->db, firing->rule->name, firing->subject->id,
                           recipient->person, message->address, firing->now, &calendar, &fault) < 0) {
                log_error("engine", "%s: no invitation: %s", firing->rule->name, fault.text);
                return 0;
        }
        return calendar ? message_set_calendar(firing->db, id, calendar, err) : 0;
}

static int write_message(struct telling *telling, const struct recipient *recipient,
                         const struct new_message *message, struct err *err)
{
        struct firing *firing = telling->firing;
        struct effect held = {.kind = EFFECT_HELD,
                              .recipient = recipient->person,
                              .channel = message->channel,
                              .reason = message->held};
        int64_t notice = telling->again ? telling->again->id : 0, id;
        int r = 0;

        if (!telling->again)
                r = notice_add(firing->db, firing->match, telling->step, recipient->person,
                               template_for(telling, recipient), firing->now, &notice, err);
        if (r == 0)
                r = digest_join(firing, notice, message, err);
        if (r != 0)
                return r < 0 ? r : 0;
        r = notice_message_add(firing->db, notice, message, firing->now, &id, err);
        if (r == 0)
                r = add_invitation(firing, recipient, message, id, err);
        if (r == 0 && message->held)
                engine_tell(firing, &held);
        return r;
}

/* Curators work for the wellbeing county: what reaches them has a case number and no name. */
static int choose_values(struct telling *telling, const struct recipient *recipient, struct err *err)
{
        struct firing *firing = telling->firing;
        int r = strcmp(telling->notify->to, "curator") == 0;

        telling->values = telling->named;
        if (!firing->row->pupil || !recipient->is_staff)
                return 0;
        if (!r)
                r = person_is_curator(firing->db, recipient->person, firing->today, err);
        if (r <= 0)
                return r;
        r = telling->nameless ? 0 : firing_values(firing, true, &telling->nameless, err);
        telling->values = telling->nameless;
        return r;
}

/* A second try is of no more use than the first. */
static int64_t deadline_of(const struct telling *telling)
{
        const struct firing *firing = telling->firing;
        int64_t since = telling->again ? telling->again->created : firing->now;

        return firing->row->expires == MATCH_NEVER ? since + DEADLINE_DEFAULT : firing->row->expires;
}

/* Whether the text may ask for an answer by SMS. */
static int set_can_reply(struct telling *telling, const struct recipient *recipient, const char *channel,
                         const char *address, struct err *err)
{
        const struct firing *firing = telling->firing;
        int r = 0;

        if (!recipient->is_staff && strcmp(channel, "sms") == 0)
                r = sms_way_can_reply(firing->db, address, firing->place.organisation, err);
        if (r < 0)
                return r;
        value_set_bool(telling->values, "can_reply", r > 0);
        return value_error(telling->values, err);
}

/* 1: the message could not be made, and the person is not of the staff. */
static int send_to(struct telling *telling, const struct recipient *recipient,
                   const struct recipient_person *person, const char *channel, const char *address,
                   struct err *err)
{
        struct firing *firing = telling->firing;
        _cleanup_(free_ptr) char *title = NULL, *text = NULL;
        struct firing_link link = {0};
        struct new_message message = {
            .person = recipient->person,
            .channel = channel,
            .address = address,
            .urgent = firing->urgent,
            .has_company = recipient->is_staff && !firing->urgent,
            .deadline = deadline_of(telling),
        };
        int r;

        r = choose_values(telling, recipient, err);
        if (r < 0)
                return r;
        r = firing_recipient_values(telling->values, person);
        if (r == 0)
                r = set_can_reply(telling, recipient, channel, address, err);
        if (r == 0)
                r = firing_link(firing, telling->notify, recipient, telling->values, &link, err);
        if (r == 0)
                r = telling->notify == &rule_fault_notify
                        ? compose_instead(telling, person, &message, &title, &text, err)
                        : compose(telling, template_for(telling, recipient), person, &message, &title, &text,
                                  err);
        if (is_fault(r)) {
                log_error("engine", "rule %s: message not made: %s", firing->rule->name, err->text);
                r = note_why(firing, recipient->person, "template-fault", err->text, err);
                if (!recipient->is_staff) {
                        telling->is_faulty = true;
                        return r < 0 ? r : 1;
                }
                if (r == 0)
                        r = compose_instead(telling, person, &message, &title, &text, err);
        }
        if (r < 0)
                return r;
        message.title = title;
        message.text = text;
        r = firing_link_keep(firing, &link, text, err);
        if (r == 0)
                r = decide_hold(telling, recipient, person, &message, err);
        if (r == 0)
                r = decide_fuse(telling, recipient, &message, err);
        if (r == 0)
                r = budget_weigh(firing, &message, err);
        return r < 0 ? r : write_message(telling, recipient, &message, err);
}

static int is_muted(struct telling *telling, const char *person, struct err *err)
{
        const struct rule_notify *notify = telling->notify;

        if (!notify->muted_by || (notify->unless && row_is_true(telling->firing->row, notify->unless)))
                return 0;
        return person_has_choice(telling->firing->db, person, notify->muted_by, err);
}

static int tell_known(struct telling *telling, const struct recipient *recipient,
                      const struct recipient_person *person, enum told *ret_told, struct err *err)
{
        struct firing *firing = telling->firing;
        _cleanup_(free_ptr) char *address = NULL;
        const char *channel;
        int r;

        if (person->has_ended)
                return 0;
        if (person->is_held) {
                *ret_told = UNREACHABLE;
                return firing_suppression(firing, recipient->person, "staff-hold", err);
        }
        r = is_muted(telling, recipient->person, err);
        if (r != 0)
                return r < 0 ? r
                             : firing_suppression(firing, recipient->person, telling->notify->muted_by, err);
        if (telling->notify->covered_when && row_is_true(firing->row, telling->notify->covered_when))
                return firing_suppression(firing, recipient->person, "covered", err);
        r = firing_is_covered(firing, recipient->person, err);
        if (r != 0)
                return r < 0 ? r : firing_suppression(firing, recipient->person, "covered", err);
        r = find_address(telling, recipient, person, &channel, &address, err);
        if (r < 0)
                return r;
        if (r == 0) {
                *ret_told = UNREACHABLE;
                r = contact_is_stopped(firing->db, recipient->person, err);
                return r < 0
                           ? r
                           : firing_suppression(firing, recipient->person, r ? "stopped" : "no-contact", err);
        }
        r = send_to(telling, recipient, person, channel, address, err);
        *ret_told = r > 0 ? UNREACHABLE : TOLD;
        return r < 0 ? r : 0;
}

/* Whose calendar has shown it since. */
static int has_seen(struct telling *telling, const char *person, struct err *err)
{
        const char *column = telling->notify->unless_fetched;
        const struct value *since = column ? value_find(telling->firing->row->facts, column) : NULL;

        if (!since || (since->kind != VALUE_COUNT && since->kind != VALUE_TIME))
                return 0;
        return feed_fetched_since(telling->firing->db, person, since->count, err);
}

static int tell_person(struct telling *telling, const struct recipient *recipient, enum told *ret_told,
                       struct err *err)
{
        struct firing *firing = telling->firing;
        struct recipient_person person = {0};
        int r;

        *ret_told = LEFT_OUT;
        r = notice_exists(firing->db, firing->match, recipient->person, err);
        if (r != 0)
                return r < 0 ? r : 0;
        r = has_seen(telling, recipient->person, err);
        if (r != 0)
                return r < 0 ? r : firing_suppression(firing, recipient->person, "calendar-fetched", err);
        r = recipient_person_get(firing->db, recipient->person, firing->now, &person, err);
        if (r == 0)
                r = tell_known(telling, recipient, &person, ret_told, err);
        recipient_person_fini(&person);
        return r;
}

/* ---- everybody that a word means */

/* Rank by rank, until a rank has somebody who can be reached. */
static int tell_list(struct telling *telling, const struct recipient_list *list, bool *ret_reached,
                     struct err *err)
{
        enum told told;
        int r;

        *ret_reached = false;
        for (int i = 0; i < list->count; i++) {
                if (i > 0 && *ret_reached && list->items[i].rank != list->items[i - 1].rank)
                        break;
                r = tell_person(telling, &list->items[i], &told, err);
                if (r < 0)
                        return r;
                if (told != UNREACHABLE)
                        *ret_reached = true;
        }
        return 0;
}

/* Nobody of the home can be reached with what is urgent: the school must know. */
static int tell_instead(struct telling *telling, struct err *err)
{
        struct recipient_scope scope = firing_scope(telling->firing);
        struct recipient_list list;
        bool reached;
        int r = recipient_find(telling->firing->db, "group-staff", &scope, &list, err);

        return r < 0 ? r : tell_list(telling, &list, &reached, err);
}

static int tell_step(struct telling *telling, struct err *err)
{
        struct firing *firing = telling->firing;
        struct recipient_scope scope = firing_scope(firing);
        struct recipient_list list;
        bool reached;
        int r;

        if (telling->notify->when && !row_is_true(firing->row, telling->notify->when))
                return 0;
        r = recipient_find(firing->db, telling->notify->to, &scope, &list, err);
        if (r == 0 && list.count == 0)
                return firing_suppression(firing, "", "nobody", err);
        if (r == 0)
                r = tell_list(telling, &list, &reached, err);
        if (r == 0 && !reached && firing->urgent && strcmp(telling->notify->to, "guardians") == 0)
                r = tell_instead(telling, err);
        return r;
}

static void use_step(struct telling *telling, int step)
{
        const struct rule *rule = telling->firing->rule;

        telling->step = step;
        telling->notify = step < rule->notify_count ? &rule->notify[step] : &rule_fault_notify;
        telling->office_hours = strcmp(telling->notify->to, "supervisor") == 0;
}

/* Whom the messages that could not be made were for, staff must tell themselves. */
static int tell_of_faults(struct telling *telling, struct err *err)
{
        if (!telling->is_faulty)
                return 0;
        telling->again = NULL;
        use_step(telling, telling->firing->rule->notify_count);
        return tell_instead(telling, err);
}

int tell_open(struct telling *telling, struct firing *firing, struct err *err)
{
        *telling = (struct telling){.firing = firing};
        return firing_values(firing, false, &telling->named, err);
}

void tell_close(struct telling *telling)
{
        value_free(telling->named);
        value_free(telling->nameless);
}

int tell_all(struct telling *telling, struct err *err)
{
        int r = 0;

        for (int i = 0; i < telling->firing->rule->notify_count && r == 0; i++) {
                use_step(telling, i);
                r = tell_step(telling, err);
        }
        return r < 0 ? r : tell_of_faults(telling, err);
}

/* ---- once more, by another channel */

static bool is_in(const struct recipient_list *list, const char *person, struct recipient *ret_recipient)
{
        for (int i = 0; i < list->count; i++)
                if (strcmp(list->items[i].person, person) == 0) {
                        *ret_recipient = list->items[i];
                        return true;
                }
        return false;
}

/* The person as the word means them now, or as one of the staff who stood in. 1: is still to be told. */
static int find_again(struct telling *telling, struct recipient *ret_recipient, struct err *err)
{
        struct firing *firing = telling->firing;
        struct recipient_scope scope = firing_scope(firing);
        struct recipient_list list = {.count = 0};
        int r = 0;

        if (telling->notify != &rule_fault_notify)
                r = recipient_find(firing->db, telling->notify->to, &scope, &list, err);
        if (r < 0 || is_in(&list, telling->again->person, ret_recipient))
                return r < 0 ? r : 1;
        if (telling->notify != &rule_fault_notify &&
            (!firing->urgent || strcmp(telling->notify->to, "guardians") != 0))
                return 0;
        r = recipient_find(firing->db, "group-staff", &scope, &list, err);
        return r < 0 ? r : is_in(&list, telling->again->person, ret_recipient);
}

/* Of those whom the step's ladder climbs for. */
static bool has_ladder(const struct telling *telling, const struct recipient *recipient)
{
        return telling->notify->ladder && !recipient->is_staff &&
               rulebook_find(telling->firing->engine->book, telling->notify->ladder);
}

static int tell_known_again(struct telling *telling, const struct recipient *recipient,
                            const struct recipient_person *person, enum told_again *ret_told, struct err *err)
{
        struct firing *firing = telling->firing;
        _cleanup_(free_ptr) char *address = NULL;
        const char *channel;
        int r;

        if (person->has_ended)
                return 0;
        r = person->is_held ? 1 : 0;
        if (r == 0 && firing->row->pupil)
                r = pupil_is_held(firing->db, firing->row->pupil, firing->row->organisation, firing->now,
                                  err);
        if (r != 0)
                return r < 0 ? r : firing_suppression(firing, recipient->person, "staff-hold", err);
        r = is_muted(telling, recipient->person, err);
        if (r != 0)
                return r < 0 ? r
                             : firing_suppression(firing, recipient->person, telling->notify->muted_by, err);
        r = find_address(telling, recipient, person, &channel, &address, err);
        if (r < 0)
                return r;
        *ret_told = r > 0 ? AGAIN_TOLD : AGAIN_NOBODY;
        if (r > 0)
                r = send_to(telling, recipient, person, channel, address, err);
        return r < 0 ? r : tell_of_faults(telling, err);
}

int tell_again(struct telling *telling, const struct notice_again *again, enum told_again *ret_told,
               struct err *err)
{
        struct firing *firing = telling->firing;
        struct recipient_person person = {0};
        struct recipient recipient;
        int r;

        *ret_told = AGAIN_OVER;
        telling->again = again;
        use_step(telling, again->step);
        r = find_again(telling, &recipient, err);
        if (r <= 0)
                return r;
        if (has_ladder(telling, &recipient)) {
                *ret_told = AGAIN_TOLD;
                return 0;
        }
        r = recipient_person_get(firing->db, recipient.person, firing->now, &person, err);
        if (r == 0)
                r = tell_known_again(telling, &recipient, &person, ret_told, err);
        recipient_person_fini(&person);
        return r;
}
