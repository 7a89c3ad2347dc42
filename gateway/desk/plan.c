#include "desk/plan.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define NOON (12 * 3600)

int plan_new_id(struct desk *desk, const struct form *form, const char *prefix,
                char ret_id[static PLAN_ID_SIZE])
{
        char seed[PAGE_TOKEN_MAX + DESK_STAMP_MAX + 16];
        uint8_t hash[EVP_MAX_MD_SIZE];

        snprintf(seed, sizeof seed, "%s\n%s\n%.*s", prefix, desk->token, DESK_STAMP_MAX,
                 form_value(form, "at"));
        if (EVP_Digest(seed, strlen(seed), hash, NULL, EVP_sha256(), NULL) != 1)
                return err_set(desk->err, ERR_IO, "desk: SHA-256 failed: try again");
        snprintf(ret_id, PLAN_ID_SIZE, "%.2s-", prefix);
        for (int i = 0; i < 8; i++)
                snprintf(ret_id + 3 + 2 * i, 3, "%02x", hash[i]);
        return 0;
}

/* ---- months */

void plan_month_read(const struct desk *desk, struct plan_month *ret_month)
{
        struct plan_month month = {0};
        char text[DESK_QUERY_MAX + 4];
        int day;

        snprintf(text, sizeof text, "%s-01", desk_query(desk, DESK_Q_MONTH));
        if (!date_parse(text, &month.first) || month.first < desk->date - 3660 ||
            month.first > desk->date + 3660)
                month.first = desk->date;
        date_to_civil(month.first, &month.year, &month.month, &day);
        month.first = date_from_civil(month.year, month.month, 1);
        month.last = date_from_civil(month.year + month.month / 12, month.month % 12 + 1, 1) - 1;
        date_print(month.first, month.first_text);
        date_print(month.last, month.last_text);
        *ret_month = month;
}

static void set_month(struct value *map, const char *key, int year, int month)
{
        char text[16];

        snprintf(text, sizeof text, "%04d-%02d", year % 10000, month % 100);
        value_set_text(map, key, text);
}

void plan_month_set(struct desk *desk, const struct plan_month *month)
{
        struct value *values = desk->values;
        char name[24];

        snprintf(name, sizeof name, "month-%d", month->month);
        value_set_text(values, "month_name", desk_word(desk, name));
        snprintf(name, sizeof name, "%d", month->year);
        value_set_text(values, "year_text", name);
        set_month(values, "month", month->year, month->month);
        set_month(values, "previous", month->year - (month->month == 1), (month->month + 10) % 12 + 1);
        set_month(values, "next", month->year + (month->month == 12), month->month % 12 + 1);
}

int plan_start(const struct desk *desk)
{
        char *end;
        long start = strtol(desk_query(desk, DESK_Q_START), &end, 10);

        return *end || start < 0 || start > 1000000 ? 0 : (int)start;
}

/* ---- lists to choose from */

int plan_add_choice(void *context, const struct desk_choice *choice, struct err *err)
{
        struct plan_choices *choices = context;
        struct value *map = value_append_map(choices->list);
        bool is_chosen = choices->chosen && strcmp(choices->chosen, choice->id) == 0;

        (void)err;
        if (!choices->first[0])
                snprintf(choices->first, sizeof choices->first, "%s", choice->id);
        choices->is_found |= is_chosen;
        value_set_text(map, "id", choice->id);
        value_set_text(map, "name", choice->name);
        value_set_text(map, "of", choice->of);
        value_set_bool(map, "is_chosen", is_chosen);
        return 0;
}

int plan_look(void *context, const struct desk_choice *choice, struct err *err)
{
        struct plan_looked *looked = context;

        (void)err;
        looked->is_found |= strcmp(choice->id, looked->id) == 0;
        return 0;
}

/* ---- fields */

bool plan_read_time(const char *text, int *ret_seconds)
{
        int hours, minutes, length = 0;

        if (sscanf(text, "%2d:%2d%n", &hours, &minutes, &length) != 2 || text[length] || length != 5 ||
            hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
                return false;
        *ret_seconds = hours * 3600 + minutes * 60 - NOON;
        return true;
}

void plan_print_time(int seconds_from_noon, char ret_text[static 6])
{
        unsigned minutes = (unsigned)(seconds_from_noon + NOON) / 60 % 1440;

        snprintf(ret_text, 6, "%02u:%02u", minutes / 60, minutes % 60);
}

bool plan_is_act(const struct desk *desk, const char *act)
{
        return desk->form && strcmp(form_value(desk->form, "act"), act) == 0;
}

const char *plan_typed(const struct desk *desk, const char *name, const char *otherwise)
{
        if (!desk->form)
                return otherwise;
        for (int i = 0; i < desk->form->count; i++)
                if (strcmp(desk->form->names[i], name) == 0)
                        return desk->form->values[i];
        return otherwise;
}
