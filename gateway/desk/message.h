/* message: what pages that list messages share. For desk/ alone. */
#ifndef DESK_MESSAGE_H
#define DESK_MESSAGE_H

#include "desk/desk.h"
#include "store/desk_message.h"

/* Sets `messages`, a map each; WITH_ABOUT: also whom they are about. */
void message_set_rows(struct desk *desk, const struct desk_log_rows *rows, bool with_about);

/* "good", "warn", "alarm" or "": how a state reads at a glance. */
const char *message_tone(const char *state, const char *reason);

#endif
