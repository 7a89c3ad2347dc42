#include "web/code.h"
#include "compose/message.h"
#include "compose/segment.h"
#include "store/notice.h"
#include "store/one_time_code.h"

#include <stdio.h>
#include <string.h>

/* ---- telling the reader something by their own contact */

int code_tell(struct linked *linked, const char *name, const char *channel, const char *address,
              struct err *err)
{
        bool is_sms = strcmp(channel, "sms") == 0;
        const char *language = linked_language(linked, "code"), *zone = linked->place.timezone;
        struct segment_size size = {0};
        struct locale *locale;
        struct buf text;
        int r;

        buf_init(&text, COMPOSE_EMAIL_MAX_BYTES);
        if (linked->place.school && !linked->pupil_is_protected)
                value_set_text(linked->values, "school.name", linked->place.school);
        if (linked->place.phone && linked->place.phone[0])
                value_set_text(linked->values, "school.phone", linked->place.phone);
        r = locale_cache_get(linked->locales, language, zone ? zone : WEB_ZONE, &locale, err);
        if (r == 0)
                r = page_text(linked->pages, name, locale, linked->values, &text, err);
        if (r == 0 && is_sms)
                r = segment_count(buf_text(&text), &size, err);
        if (r == 0) {
                const struct new_message message = {
                    .person = linked->link.person,
                    .channel = channel,
                    .address = address,
                    .language = language,
                    .title = is_sms ? NULL : page_word(linked->pages, language, "code-subject"),
                    .text = buf_text(&text),
                    .segments = (int)size.segments,
                    .urgent = true,
                    .deadline = linked->now + ONE_TIME_CODE_LIFE_S};

                r = notice_message_alone(linked->db, &message, linked->now, err);
        }
        buf_fini(&text);
        return r;
}

/* ---- asking */

static int find_contact(struct linked *linked, const char **ret_channel, char **ret_address)
{
        static const char *const channels[] = {"sms", "email"};
        const struct contact_wish wish = {
            .safe_only = linked->person.is_protected || linked->pupil_is_protected, .urgent = true};
        int r = 0;

        for (size_t i = 0; i < ARRAY_SIZE(channels) && r == 0; i++) {
                *ret_channel = channels[i];
                r = contact_find(linked->db, linked->link.person, channels[i], &wish, ret_address,
                                 linked->err);
        }
        return r;
}

int code_ask(struct linked *linked, const char *purpose, const char *subject, json_t *detail)
{
        _cleanup_(free_ptr) char *text = detail ? json_dumps(detail, JSON_COMPACT) : NULL, *address = NULL;
        char code[ONE_TIME_CODE_SIZE];
        const char *channel = NULL;
        int r;

        json_decref(detail);
        if (!text)
                return err_set(linked->err, ERR_NOMEM, "page: out of memory");
        r = find_contact(linked, &channel, &address);
        if (r <= 0)
                return r < 0 ? r : linked_refuse(linked, 409, "code-no-contact");
        r = one_time_code_make(linked->db, linked->now, linked->link.person, purpose, subject, text, code,
                               linked->err);
        if (r == ERR_LIMIT)
                return linked_refuse(linked, 429, "code-too-often");
        if (r < 0)
                return r;
        value_set_text(linked->values, "code", code);
        r = code_tell(linked, "code-message", channel, address, linked->err);
        if (r < 0)
                return r;
        if (snprintf(linked->of, sizeof linked->of, "%s:%s", purpose, subject) >= (int)sizeof linked->of)
                return err_set(linked->err, ERR_LIMIT, "page: its id is too long");
        return linked_done(linked, "code", NULL);
}

/* ---- answering */

static const struct {
        const char *purpose, *back; /* back: the page to ask for another code at */
        int (*act)(struct linked *linked, const struct form *form, const char *subject, const json_t *detail);
} purpose_table[] = {
    {"case", "case", case_sign_in},
    {"contact", "settings", settings_change_contact},
    {"evaluate", "evaluate", work_evaluate},
    {"sign", "sign", work_sign},
};

static int find_purpose(const char *of, const char **ret_subject)
{
        for (size_t i = 0; i < ARRAY_SIZE(purpose_table); i++) {
                size_t length = strlen(purpose_table[i].purpose);

                if (strncmp(of, purpose_table[i].purpose, length) == 0 && of[length] == ':') {
                        *ret_subject = of + length + 1;
                        return (int)i;
                }
        }
        return -1;
}

int code_show(struct linked *linked)
{
        const char *subject;
        int purpose = find_purpose(linked->of, &subject), r;

        linked->page = "code";
        if (purpose < 0)
                return 404;
        r = one_time_code_waits(linked->db, linked->now, linked->link.person, purpose_table[purpose].purpose,
                                subject, linked->err);
        value_set_bool(linked->values, "waits", r > 0);
        value_set_text(linked->values, "back_sub", purpose_table[purpose].back);
        linked_set_id(value_set_map(linked->values, "about"),
                      strcmp(purpose_table[purpose].purpose, "contact") == 0 ||
                              strcmp(purpose_table[purpose].purpose, "case") == 0
                          ? ""
                          : subject);
        return r < 0 ? r : 0;
}

/* What was typed, without the spaces that phones put in. */
static void read_code(const char *typed, char ret_code[static ONE_TIME_CODE_SIZE])
{
        int length = 0;

        for (; *typed && length < ONE_TIME_CODE_SIZE - 1; typed++)
                if (*typed >= '0' && *typed <= '9')
                        ret_code[length++] = *typed;
        ret_code[length] = '\0';
}

int code_act(struct linked *linked, const struct form *form)
{
        _cleanup_(free_ptr) char *detail = NULL, *subject_copy = NULL;
        char code[ONE_TIME_CODE_SIZE];
        const char *subject;
        int purpose = find_purpose(linked->of, &subject), r;
        json_t *json;

        if (purpose < 0)
                return linked_refuse(linked, 400, "form-wrong");
        read_code(form_value(form, "code"), code);
        subject_copy = strdup(subject);
        if (!subject_copy)
                return err_set(linked->err, ERR_NOMEM, "page: out of memory");
        r = one_time_code_use(linked->db, linked->now, linked->link.person, purpose_table[purpose].purpose,
                              subject, code, &detail, linked->err);
        if (r < 0)
                return r;
        if (r != CODE_RIGHT)
                return linked_refuse(linked, r == CODE_WRONG ? 422 : 410,
                                     r == CODE_WRONG ? "code-wrong" : "code-over");
        json = json_loads(detail, 0, NULL);
        r = purpose_table[purpose].act(linked, form, subject_copy, json);
        json_decref(json);
        return r;
}
