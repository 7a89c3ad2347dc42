/* What people choose for themselves, and their own contacts. Their pages say so; a sender's token does not.
 */
#include "intake/apply.h"
#include "intake/check.h"
#include "store/page_settings.h"
#include "store/quiet_choice.h"

#include <string.h>

static int read_person(struct apply *apply, const char **ret_person)
{
        int r;

        if (apply->scope)
                return apply_refuse(apply, "person", "only people themselves say so, on their pages");
        r = apply_person(apply, "person", REQUIRED, ret_person);
        return r < 0 ? r : apply->data.error;
}

static int choose_quiet(struct apply *apply, const char *person)
{
        struct quiet_choice choice;

        choice.from_hour =
            fields_int(&apply->data, "quiet-from", QUIET_FROM_HOUR_MIN, QUIET_FROM_HOUR, QUIET_FROM_HOUR);
        choice.until_hour =
            fields_int(&apply->data, "quiet-until", QUIET_UNTIL_HOUR, QUIET_UNTIL_HOUR_MAX, QUIET_UNTIL_HOUR);
        if (apply->data.error)
                return apply->data.error;
        return quiet_choice_set(apply->db, person, &choice, apply->err);
}

int apply_person_chose(struct apply *apply)
{
        static const char *const choices[] = {"first-day-and-changes", "email-first"};
        const char *person, *language;
        int r = read_person(apply, &person);

        if (r < 0)
                return r;
        language = fields_id(&apply->data, "language", OPTIONAL);
        if (apply->data.error)
                return apply->data.error;
        if (language)
                r = person_set_language(apply->db, person, language, apply->err);
        for (size_t i = 0; i < ARRAY_SIZE(choices) && r == 0; i++)
                if (fields_has(&apply->data, choices[i]))
                        r = person_set_choice(apply->db, person, choices[i],
                                              fields_flag(&apply->data, choices[i], false), apply->err);
        if (r == 0 && (fields_has(&apply->data, "quiet-from") || fields_has(&apply->data, "quiet-until")))
                r = choose_quiet(apply, person);
        return r < 0 ? r : apply->data.error;
}

int apply_contact_changed(struct apply *apply)
{
        static const char *const channels[] = {"sms", "email", NULL};
        const char *person, *channel, *old, *value;
        int r = read_person(apply, &person);

        if (r < 0)
                return r;
        channel = fields_need_choice(&apply->data, "channel", channels);
        old = fields_text(&apply->data, "old", REQUIRED);
        value = fields_text(&apply->data, "value", REQUIRED);
        if (apply->data.error)
                return apply->data.error;
        if (strcmp(channel, "sms") == 0 ? !check_phone(value) : !check_mail(value))
                return apply_refuse(apply, "value",
                                    "no number or address: write it as +358… or name@example.org");
        return person_contact_replace(apply->db, person, channel, old, value, apply->err);
}
