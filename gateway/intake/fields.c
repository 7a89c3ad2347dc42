#include "intake/fields.h"
#include "base/date.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NOON (12 * 3600)
#define CHOICES_TEXT_MAX 200

void fields_init(struct fields *fields, const json_t *object, const char *where, struct err *err)
{
        *fields = (struct fields){.object = object, .where = where, .err = err};
        if (!json_is_object(object))
                fields->error = err_set(err, ERR_INVALID, "%s: no object: write {…}", where);
}

int fields_refuse(struct fields *fields, const char *name, const char *format, ...)
{
        char text[ERR_TEXT_MAX];
        va_list arguments;

        if (fields->error)
                return fields->error;
        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        return fields->error = err_set(fields->err, ERR_INVALID, "%s.%.60s: %s", fields->where, name, text);
}

static bool is_known(const char *key, const char *const *known)
{
        for (; *known; known++)
                if (strcmp(*known, key) == 0)
                        return true;
        return strncmp(key, "x-", 2) == 0;
}

/* A key may hold anything: only one that looks like a name is repeated to people. */
static bool is_plain(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7f)
                        return false;
        return true;
}

void fields_only(struct fields *fields, const char *const *known)
{
        const char *key;
        json_t *value;

        if (fields->error)
                return;
        json_object_foreach((json_t *)fields->object, key, value)
        {
                if (is_known(key, known))
                        continue;
                fields_refuse(fields, is_plain(key) ? key : "?",
                              "unknown key: leave it out or begin it with x-");
                return;
        }
}

/* ---- slips of the pen */

#define SPELLING_MIN 4 /* letters: shorter names resemble too much */

/* Whether A becomes B by one letter changed, left out, added or by two neighbours exchanged. */
static bool is_slip(const char *a, const char *b)
{
        size_t a_length = strlen(a), b_length = strlen(b), same = 0;

        if (b_length < SPELLING_MIN || a_length + 1 < b_length || b_length + 1 < a_length)
                return false;
        while (a[same] && a[same] == b[same])
                same++;
        a += same;
        b += same;
        if (a_length < b_length)
                return strcmp(a, b + 1) == 0;
        if (a_length > b_length)
                return strcmp(a + 1, b) == 0;
        if (!*a)
                return false; /* the same */
        if (strcmp(a + 1, b + 1) == 0)
                return true;
        return a[1] && a[0] == b[1] && a[1] == b[0] && strcmp(a + 2, b + 2) == 0;
}

static void note_asked(struct fields *fields, const char *name)
{
        for (size_t i = 0; i < fields->asked_count; i++)
                if (strcmp(fields->asked[i], name) == 0)
                        return;
        if (fields->asked_count < FIELD_ASKED_MAX)
                fields->asked[fields->asked_count++] = name;
}

void fields_check_spelling(struct fields *fields)
{
        const char *key;
        json_t *value;

        if (fields->error)
                return;
        json_object_foreach((json_t *)fields->object, key, value)
        {
                for (size_t i = 0; i < fields->asked_count; i++) {
                        if (!is_slip(key, fields->asked[i]))
                                continue;
                        fields_refuse(fields, is_plain(key) ? key : "?",
                                      "no such key: write %s, or begin it with x-", fields->asked[i]);
                        return;
                }
        }
}

/* ---- reading */

static const json_t *member(struct fields *fields, const char *name, enum need need)
{
        const json_t *value;

        if (fields->error)
                return NULL;
        value = json_object_get(fields->object, name);
        if (value && !json_is_null(value))
                return value;
        if (!value)
                note_asked(fields, name);
        if (need == REQUIRED)
                fields_refuse(fields, name, "missing: give it");
        return NULL;
}

bool fields_has(struct fields *fields, const char *name)
{
        const json_t *value = json_object_get(fields->object, name);

        if (!value)
                note_asked(fields, name);
        return value && !json_is_null(value);
}

static bool has_control(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        return true;
        return false;
}

static const char *read_text(struct fields *fields, const char *name, enum need need, size_t max_bytes)
{
        const json_t *value = member(fields, name, need);
        const char *text;

        if (!value)
                return NULL;
        if (!json_is_string(value)) {
                fields_refuse(fields, name, "no text: write it in double quotes");
                return NULL;
        }
        text = json_string_value(value);
        if (json_string_length(value) == 0)
                fields_refuse(fields, name, "empty: fill it or leave it out");
        else if (json_string_length(value) > max_bytes)
                fields_refuse(fields, name, "longer than %zu bytes: shorten it", max_bytes);
        else if (has_control(text))
                fields_refuse(fields, name, "has control characters: remove them");
        return fields->error ? NULL : text;
}

const char *fields_text(struct fields *fields, const char *name, enum need need)
{
        return read_text(fields, name, need, FIELD_TEXT_MAX);
}

const char *fields_id(struct fields *fields, const char *name, enum need need)
{
        return read_text(fields, name, need, FIELD_ID_MAX);
}

bool field_is_id(const char *text)
{
        return *text && strlen(text) <= FIELD_ID_MAX && !has_control(text);
}

const char *fields_day(struct fields *fields, const char *name, enum need need)
{
        const char *text = read_text(fields, name, need, FIELD_ID_MAX);
        int32_t date;

        if (text && !date_parse(text, &date)) {
                fields_refuse(fields, name, "no date: write YYYY-MM-DD");
                return NULL;
        }
        return text;
}

static void refuse_choice(struct fields *fields, const char *name, const char *const *choices)
{
        char text[CHOICES_TEXT_MAX];
        size_t length = 0;

        text[0] = '\0';
        for (; *choices && length < sizeof text; choices++)
                length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? ", " : "",
                                           *choices);
        fields_refuse(fields, name, "not a value that is known: use one of %s", text);
}

const char *fields_choice(struct fields *fields, const char *name, const char *const *choices,
                          const char *fallback)
{
        const char *text = read_text(fields, name, OPTIONAL, FIELD_ID_MAX);

        if (fields->error || !text)
                return fallback;
        for (const char *const *choice = choices; *choice; choice++)
                if (strcmp(*choice, text) == 0)
                        return *choice;
        refuse_choice(fields, name, choices);
        return fallback;
}

const char *fields_need_choice(struct fields *fields, const char *name, const char *const *choices)
{
        return member(fields, name, REQUIRED) ? fields_choice(fields, name, choices, NULL) : NULL;
}

int fields_int(struct fields *fields, const char *name, int least, int most, int fallback)
{
        const json_t *value = member(fields, name, OPTIONAL);

        if (!value)
                return fallback;
        if (!json_is_integer(value) || json_integer_value(value) < least ||
            json_integer_value(value) > most) {
                fields_refuse(fields, name, "no whole number from %d to %d", least, most);
                return fallback;
        }
        return (int)json_integer_value(value);
}

bool fields_flag(struct fields *fields, const char *name, bool fallback)
{
        const json_t *value = member(fields, name, OPTIONAL);

        if (!value)
                return fallback;
        if (!json_is_boolean(value)) {
                fields_refuse(fields, name, "neither true nor false");
                return fallback;
        }
        return json_is_true(value);
}

const json_t *fields_array(struct fields *fields, const char *name)
{
        const json_t *value = member(fields, name, OPTIONAL);

        if (!value)
                return NULL;
        if (!json_is_array(value)) {
                fields_refuse(fields, name, "no list: write […]");
                return NULL;
        }
        if (json_array_size(value) > FIELD_LIST_MAX) {
                fields_refuse(fields, name, "more than %d members: split it", FIELD_LIST_MAX);
                return NULL;
        }
        return value;
}

int64_t fields_time(struct fields *fields, const char *name, struct zone *zone, int64_t fallback)
{
        const char *text = read_text(fields, name, OPTIONAL, FIELD_ID_MAX);
        int64_t utc;

        if (!text)
                return fallback;
        if (!zone_parse(zone, text, &utc)) {
                fields_refuse(fields, name, "no time: write YYYY-MM-DDTHH:MM, with an offset or without");
                return fallback;
        }
        return utc;
}

int fields_time_of_day(struct fields *fields, const char *name, int fallback)
{
        const char *text = read_text(fields, name, OPTIONAL, FIELD_ID_MAX);
        int seconds;

        if (!text)
                return fallback;
        if (!zone_parse_time(text, &seconds)) {
                fields_refuse(fields, name, "no time of day: write HH:MM");
                return fallback;
        }
        return seconds - NOON;
}

bool field_is_code(const char *text)
{
        size_t length = strlen(text);

        return length && length <= FIELD_CODE_MAX &&
               strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == length;
}

int field_weekday(const json_t *value)
{
        static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                            "friday", "saturday", "sunday"};
        const char *text;

        if (json_is_integer(value))
                return json_integer_value(value) >= 1 && json_integer_value(value) <= 7
                           ? (int)json_integer_value(value)
                           : 0;
        text = json_string_value(value);
        if (!text)
                return 0;
        if (text[0] >= '1' && text[0] <= '7' && !text[1])
                return text[0] - '0';
        for (int i = 0; i < 7; i++)
                if ((strlen(text) == 3 && strncasecmp(text, names[i], 3) == 0) ||
                    strcasecmp(text, names[i]) == 0)
                        return i + 1;
        return 0;
}
