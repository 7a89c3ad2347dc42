#include "web/settings.h"
#include "intake/check.h"
#include "store/page_settings.h"
#include "store/quiet_choice.h"
#include "web/code.h"

#include <stdio.h>
#include <string.h>

#define CONTACT_MAX_BYTES 320
#define TAIL 3 /* characters of a contact that are shown */

/* Enough to know it by, not enough to use it. */
static void set_masked(struct value *values, const char *key, const char *value)
{
        const char *at = strchr(value, '@');
        char text[CONTACT_MAX_BYTES + 8];
        size_t length = strlen(value);

        if (at)
                snprintf(text, sizeof text, "%.1s…%s", value, at);
        else
                snprintf(text, sizeof text, "…%s", length > TAIL ? value + length - TAIL : value);
        value_set_text(values, key, text);
}

static int set_contacts(struct linked *linked)
{
        char value[321];
        int r = person_contact(linked->db, linked->link.person, "sms", value, linked->err);

        if (r > 0)
                set_masked(linked->values, "sms", value);
        if (r >= 0)
                r = person_contact(linked->db, linked->link.person, "email", value, linked->err);
        if (r > 0)
                set_masked(linked->values, "email", value);
        value_set_bool(linked->values, "has_both",
                       value_find(linked->values, "sms") && value_find(linked->values, "email"));
        return r < 0 ? r : 0;
}

/* Every language of the page that answers, not of this page alone. */
static void set_choices(struct linked *linked)
{
        struct value *list = value_set_list(linked->values, "choices");
        const char *own = linked->person.language ? linked->person.language : linked->place.language, *each;

        for (size_t i = 0; (each = pages_language_at(linked->pages, "answer", i)); i++) {
                const char *name = page_word(linked->pages, each, "language-name");
                struct value *map = value_append_map(list);

                value_set_text(map, "code", each);
                value_set_text(map, "name", name ? name : each);
                value_set_bool(map, "is_current", own && strcmp(own, each) == 0);
        }
}

static void set_hours(struct linked *linked, const char *key, int first, int last, int current)
{
        struct value *list = value_set_list(linked->values, key);

        for (int hour = first; hour <= last; hour++) {
                struct value *map = value_append_map(list);
                char text[16];

                snprintf(text, sizeof text, "%d", hour);
                value_set_text(map, "hour", text);
                value_set_clock(map, "clock", hour * 3600);
                value_set_bool(map, "is_current", hour == current);
        }
}

static int set_quiet(struct linked *linked)
{
        struct quiet_choice choice;
        int r = quiet_choice_get(linked->db, linked->link.person, &choice, linked->err);

        if (r < 0)
                return r;
        set_hours(linked, "evenings", QUIET_FROM_HOUR_MIN, QUIET_FROM_HOUR, choice.from_hour);
        set_hours(linked, "mornings", QUIET_UNTIL_HOUR, QUIET_UNTIL_HOUR_MAX, choice.until_hour);
        return 0;
}

int settings_show(struct linked *linked)
{
        int r;

        linked->page = "settings";
        set_choices(linked);
        r = person_has_choice(linked->db, linked->link.person, "first-day-and-changes", linked->err);
        value_set_bool(linked->values, "first_day_and_changes", r > 0);
        if (r >= 0)
                r = person_has_choice(linked->db, linked->link.person, "email-first", linked->err);
        value_set_bool(linked->values, "email_first", r > 0);
        if (r >= 0)
                r = set_quiet(linked);
        return r < 0 ? r : set_contacts(linked);
}

/* An hour of the form, everybody's when it names none; -1 when it is none that may be chosen. */
static int read_hour(const struct form *form, const char *name, int least, int most, int usual)
{
        const char *text = form_value(form, name);
        int hour = 0;

        if (!*text)
                return usual;
        if (strlen(text) > 2 || strspn(text, "0123456789") != strlen(text))
                return -1;
        for (; *text; text++)
                hour = hour * 10 + (*text - '0');
        return hour < least || hour > most ? -1 : hour;
}

int settings_act(struct linked *linked, const struct form *form)
{
        const char *language = form_value(form, "language");
        int from = read_hour(form, "quiet-from", QUIET_FROM_HOUR_MIN, QUIET_FROM_HOUR, QUIET_FROM_HOUR);
        int until = read_hour(form, "quiet-until", QUIET_UNTIL_HOUR, QUIET_UNTIL_HOUR_MAX, QUIET_UNTIL_HOUR);
        json_t *data;
        int r;

        if (from < 0 || until < 0 || strlen(language) >= LOCALE_LANGUAGE_MAX_BYTES ||
            !locale_knows(language) ||
            strcmp(pages_language(linked->pages, "answer", language, "fi"), language) != 0)
                return linked_refuse(linked, 400, "form-wrong");
        data =
            json_pack("{s:s,s:s,s:b,s:b,s:i,s:i}", "person", linked->link.person, "language", language,
                      "first-day-and-changes", strcmp(form_value(form, "first-day-and-changes"), "yes") == 0,
                      "email-first", strcmp(form_value(form, "email-first"), "yes") == 0, "quiet-from", from,
                      "quiet-until", until);
        r = linked_event(linked, form, "person.chose", linked->link.person, data, linked->err);
        if (r < 0)
                return r;
        linked->asked[0] = '\0'; /* the language that was just chosen */
        return r ? linked_done(linked, "settings", "done-saved") : linked_refuse(linked, 409, "stale");
}

/* ---- a contact of one's own */

int settings_show_contact(struct linked *linked)
{
        linked->page = "contact";
        value_set_text(linked->values, "value", linked->form ? form_value(linked->form, "value") : "");
        return set_contacts(linked);
}

/* "040 123 4567" as people write it; false when it is neither number nor address. */
static bool read_contact(const char *typed, char ret_value[static CONTACT_MAX_BYTES + 1],
                         const char **ret_channel)
{
        size_t length = 0;

        if (strlen(typed) >= CONTACT_MAX_BYTES - 4)
                return false;
        if (strchr(typed, '@')) {
                for (; *typed; typed++)
                        if (*typed != ' ' && *typed != '\n' && *typed != '\t')
                                ret_value[length++] = *typed;
                ret_value[length] = '\0';
                *ret_channel = "email";
                return check_mail(ret_value);
        }
        if (typed[strspn(typed, " ")] == '0') {
                memcpy(ret_value, "+358", 4);
                length = 4;
                typed = strchr(typed, '0') + 1;
        }
        for (; *typed; typed++)
                if (!strchr(" -()\n\t", *typed))
                        ret_value[length++] = *typed;
        ret_value[length] = '\0';
        *ret_channel = "sms";
        return check_phone(ret_value);
}

int settings_act_contact(struct linked *linked, const struct form *form)
{
        char value[CONTACT_MAX_BYTES + 1], old[321] = "";
        const char *channel;
        int r;

        if (!read_contact(form_value(form, "value"), value, &channel))
                return linked_refuse(linked, 422, "contact-wrong");
        r = person_contact(linked->db, linked->link.person, channel, old, linked->err);
        if (r < 0)
                return r;
        if (r == 0)
                return linked_refuse(linked, 409, "contact-none");
        if (strcmp(old, value) == 0)
                return linked_refuse(linked, 422, "contact-same");
        return code_ask(linked, "contact", channel, json_pack("{s:s,s:s}", "old", old, "value", value));
}

int settings_change_contact(struct linked *linked, const struct form *form, const char *channel,
                            const json_t *detail)
{
        const char *old = json_string_value(json_object_get(detail, "old"));
        const char *value = json_string_value(json_object_get(detail, "value"));
        json_t *data;
        int r;

        if (!old || !value)
                return linked_refuse(linked, 409, "stale");
        data = json_pack("{s:s,s:s,s:s,s:s}", "person", linked->link.person, "channel", channel, "old", old,
                         "value", value);
        r = linked_event(linked, form, "contact.changed", linked->link.person, data, linked->err);
        if (r == 0)
                return linked_refuse(linked, 409, "stale");
        if (r > 0)
                r = code_tell(linked, "contact-changed-message", channel, old, linked->err);
        linked->of[0] = '\0';
        return r < 0 ? r : linked_done(linked, "settings", "done-contact");
}
