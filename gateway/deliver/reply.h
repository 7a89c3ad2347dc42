/* reply: what a person's SMS back to us means. The words stand in templates/replies.yaml:
 *
 *      polite: [kiitos, hei]               left out wherever they stand
 *      words:
 *        fi: {knew: ["1", tiesin], did-not-know: ["2", en tiennyt], call-me: ["3", soita], stop: [stop],
 * start: [start]}
 *
 * The words of all languages count for everybody. Case, spaces and punctuation do not matter; anything else
 * around a word does: "1 tunti" is no answer, since a wrong guess would explain an absence. What follows an
 * answer may be a name, which the one who knows the children compares.
 *
 * Knows no store. The words are immutable and may be read by many threads. */
#ifndef DELIVER_REPLY_H
#define DELIVER_REPLY_H

#include "base/err.h"
#include "compose/words.h"

#include <stdbool.h>

#define REPLY_WORDS_MAX 512
#define REPLY_NUMBER_MAX 17 /* "+" and 15 digits, and the final NUL */

enum reply_answer {
        REPLY_UNCLEAR,
        REPLY_CALL_ME,
        REPLY_DID_NOT_KNOW,
        REPLY_KNEW,
        REPLY_START,
        REPLY_STOP,
};

const char *reply_answer_name(enum reply_answer answer); /* "did-not-know" */

struct reply_words;

/* ERR_INVALID with file and line: an unknown key, a word that means two things, one of no letters. */
int reply_words_load(const char *path, struct reply_words **ret_words, struct err *err);
struct reply_words *reply_words_free(struct reply_words *words);

/* *ret_child: what followed the answer, folded; "" when nothing did. */
enum reply_answer reply_read(const struct reply_words *words, const char *text,
                             char ret_child[static WORDS_MAX_BYTES]);

#define REPLY_ASKED_MAX 32 /* bytes with the NUL of a word that a text asks for */

/* The answer by SMS that TEXT, which is sent, asks for; REPLY_UNCLEAR: none. A figure of the words before "="
 * asks ("1 = tiesin"), and so does one of them in capitals of ASCII ("STOP"; not those that ask for a call).
 * *ret_asked is how it stands there. */
enum reply_answer reply_asked(const struct reply_words *words, const char *text,
                              char ret_asked[static REPLY_ASKED_MAX]);

/* Whether an SMS from SENDER can be answered: a telephone number or a short one, no name. */
bool reply_reaches(const char *sender);

/* A number as providers write it ("358 40…", "00358…", "+358…") in E.164 form. False when it is none. */
bool reply_number(const char *from, char ret_number[static REPLY_NUMBER_MAX]);

#endif
