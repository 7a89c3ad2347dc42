#include "intake/phone.h"
#include "base/err.h"
#include "intake/check.h"

#include <stdio.h>
#include <string.h>

/* Calling codes and trunk prefixes: ITU-T list of national numbering plans (E.164, E.129). */
static const struct country {
        const char *zone, *code;
        bool has_trunk_zero;
} country_table[] = {
    {"Europe/Berlin", "49", true},     {"Europe/Copenhagen", "45", false}, {"Europe/Helsinki", "358", true},
    {"Europe/Mariehamn", "358", true}, {"Europe/Oslo", "47", false},       {"Europe/Riga", "371", false},
    {"Europe/Stockholm", "46", true},  {"Europe/Tallinn", "372", false},
};

const char *phone_country(const char *zone)
{
        for (size_t i = 0; i < ARRAY_SIZE(country_table); i++)
                if (strcmp(country_table[i].zone, zone) == 0)
                        return country_table[i].code;
        return "358";
}

static bool has_trunk_zero(const char *country)
{
        for (size_t i = 0; i < ARRAY_SIZE(country_table); i++)
                if (strcmp(country_table[i].code, country) == 0)
                        return country_table[i].has_trunk_zero;
        return true;
}

/* Digits, a plus in front, and what people put between; the "(0)" after a country code goes away. */
static bool strip(const char *text, char *digits, size_t size, bool *ret_plus)
{
        size_t length = 0;

        *ret_plus = false;
        for (; *text; text++) {
                if (*text == '+' && length == 0 && !*ret_plus)
                        *ret_plus = true;
                else if (strncmp(text, "(0)", 3) == 0 && length > 0)
                        text += 2;
                else if (*text >= '0' && *text <= '9' && length + 1 < size)
                        digits[length++] = *text;
                else if (!strchr(" -().\t/", *text))
                        return false;
        }
        digits[length] = '\0';
        return length > 0;
}

bool phone_to_e164(const char *text, const char *country, char ret_number[static PHONE_SIZE])
{
        char digits[PHONE_SIZE + 8];
        size_t code = strlen(country);
        int written = 0;
        bool is_full;

        if (strncmp(text, "\xc2\xa0", 2) == 0)
                text += 2;
        if (!strip(text, digits, sizeof digits, &is_full))
                return false;
        if (is_full)
                written = snprintf(ret_number, PHONE_SIZE, "+%s", digits);
        else if (strncmp(digits, "00", 2) == 0)
                written = snprintf(ret_number, PHONE_SIZE, "+%s", digits + 2);
        else if (digits[0] == '0' && has_trunk_zero(country))
                written = snprintf(ret_number, PHONE_SIZE, "+%s%s", country, digits + 1);
        else if (strncmp(digits, country, code) == 0 && strlen(digits) >= code + 7)
                written = snprintf(ret_number, PHONE_SIZE, "+%s", digits);
        else if (digits[0] != '0' && !has_trunk_zero(country))
                written = snprintf(ret_number, PHONE_SIZE, "+%s%s", country, digits);
        return written > 0 && written < PHONE_SIZE && check_phone(ret_number);
}
