#include "compose/words.h"

#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

void words_fold(const char *text, char ret_words[static WORDS_MAX_BYTES])
{
        UChar wide[WORDS_MAX_BYTES], folded[WORDS_MAX_BYTES], words[WORDS_MAX_BYTES];
        int32_t length = 0, i = 0, count = 0;
        UErrorCode status = U_ZERO_ERROR;
        bool gap = false;
        UChar32 c;

        ret_words[0] = '\0';
        u_strFromUTF8(wide, WORDS_MAX_BYTES, &length, text, -1, &status);
        length = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&status), wide, length, folded,
                                  WORDS_MAX_BYTES, &status);
        if (U_FAILURE(status))
                return;
        while (i < length) {
                U16_NEXT(folded, i, length, c);
                if (u_getCombiningClass(c) || u_charType(c) == U_ENCLOSING_MARK)
                        continue;
                if (!u_isalnum(c)) {
                        gap = count > 0;
                        continue;
                }
                if (gap)
                        words[count++] = ' ';
                gap = false;
                if (count + 2 >= WORDS_MAX_BYTES)
                        return;
                U16_APPEND_UNSAFE(words, count, c);
        }
        u_strToUTF8(ret_words, WORDS_MAX_BYTES, NULL, words, count, &status);
        if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
                ret_words[0] = '\0';
}
