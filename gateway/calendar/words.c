#include "calendar/words.h"

#include <stddef.h>
#include <string.h>

/* Keep in alphabetical order of languages. */
static const struct words words_table[] = {
    {"en", "Work placement", "work placement", "School day", "school day", "Busy",
     "Cancelled: ", "Call: ", "The agreement is not signed yet."},
    {"fi", "Työpaikkaopiskelu", "työpaikkaopiskelu", "Koulupäivä", "koulupäivä", "Varattu",
     "Peruttu: ", "Soita: ", "Sopimus on vielä allekirjoittamatta."},
    {"sv", "Praktik", "praktik", "Skoldag", "skoldag", "Upptagen",
     "Inställt: ", "Ring: ", "Avtalet är ännu inte undertecknat."},
};

static const struct words *find(const char *language, size_t length)
{
        for (size_t i = 0; i < sizeof words_table / sizeof words_table[0]; i++)
                if (strlen(words_table[i].language) == length &&
                    memcmp(words_table[i].language, language, length) == 0)
                        return &words_table[i];
        return NULL;
}

const struct words *words_find(const char *own, const char *languages)
{
        const struct words *words = find(own, strcspn(own, "-_"));

        for (size_t length; !words && *languages; languages += length + (languages[length] == ',')) {
                length = strcspn(languages, ",");
                words = find(languages, length);
        }
        return words ? words : find("fi", 2);
}
