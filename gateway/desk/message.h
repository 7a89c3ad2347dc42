/* message: what the pages of messages share. For desk/ alone. */
#ifndef DESK_MESSAGE_H
#define DESK_MESSAGE_H

#include "desk/desk.h"
#include "store/desk_message.h"

#define MESSAGE_TEXT_MAX 16384 /* bytes of a text that is shown */

/* Sets `messages`, a map each; WITH_ABOUT: also whom they are about, and only those whose pupil the reader's
 * right DESK_LOG opens. */
int message_set_rows(struct desk *desk, const struct desk_log_rows *rows, bool with_about);

/* "good", "warn", "alarm" or "quiet": how a state reads at a glance. */
const char *message_tone(const char *state, const char *reason);

/* Adds TEXT without what opens anything: what follows the host of a link that carries a token, codes of six
 * digits, numbers of cases in which the reader has no part. */
int message_mask(struct desk *desk, const char *text, struct buf *ret_text);

#endif
