#include "compose/locale_table.h"

#include <string.h>

/* Weekdays with their preposition or case, Monday first, where no pattern gives them. */
static const struct locale_row rows_table[] = {
    {"ar", "ar", "EEEE، d MMMM", "d/M", "d MMMM y", "'يوم' EEEE", {0}, "، ", ':'},
    {"en", "en_GB", "EEEE d MMMM", "d MMM", "d MMMM y", "'on' EEEE", {0}, " at ", ':'},
    {"et",
     "et",
     "EEEE, d. MMMM",
     "d.MM",
     "d. MMMM y",
     NULL,
     {"esmaspäeval", "teisipäeval", "kolmapäeval", "neljapäeval", "reedel", "laupäeval", "pühapäeval"},
     " kell ",
     '.'},
    {"fi", "fi_FI", "cccc d.M.", "d.M.", "d. MMMM y", "EEEE", {0}, " klo ", '.'},
    {"ru",
     "ru",
     "EEEE, d MMMM",
     "d.MM",
     "d MMMM y 'г'.",
     NULL,
     {"в понедельник", "во вторник", "в среду", "в четверг", "в пятницу", "в субботу", "в воскресенье"},
     ", ",
     ':'},
    /* "MMMM" numbers the months in words; readers know the names. */
    {"so", "so", "EEEE, d LLLL", "d/M", "d LLLL y", "'maalinta' EEEE", {0}, ", ", ':'},
    {"sv", "sv_FI", "EEEE d MMMM", "d.M", "d MMMM y", "'på' EEEE", {0}, " kl. ", '.'},
    {"uk",
     "uk",
     "EEEE, d MMMM",
     "d.MM",
     "d MMMM y 'р'.",
     NULL,
     {"у понеділок", "у вівторок", "у середу", "у четвер", "у п’ятницю", "у суботу", "у неділю"},
     ", ",
     ':'},
};

const struct locale_row *locale_row_find(const char *language)
{
        for (size_t i = 0; i < sizeof rows_table / sizeof *rows_table; i++)
                if (strcmp(rows_table[i].language, language) == 0)
                        return &rows_table[i];
        return NULL;
}
