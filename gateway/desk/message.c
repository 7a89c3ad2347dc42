/* Messages, one by one in a line. */
#include "desk/message.h"

#include <stdio.h>
#include <string.h>

const char *message_tone(const char *state, const char *reason)
{
        static const char *const table[][2] = {
            {"accepted", "quiet"}, {"delivered", "good"}, {"expired", "alarm"}, {"failed", "alarm"},
            {"held", "warn"},      {"rejected", "alarm"}, {"retry", "warn"},    {"unknown", "warn"},
        };

        if (strcmp(state, "accepted") == 0 && strcmp(reason, MESSAGE_NO_RECEIPTS) == 0)
                return "good";
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (strcmp(table[i][0], state) == 0)
                        return table[i][1];
        return "quiet";
}

void message_set_rows(struct desk *desk, const struct desk_log_rows *rows, bool with_about)
{
        struct value *list = value_set_list(desk->values, "messages");

        for (int i = 0; i < rows->count; i++) {
                const struct desk_log_row *row = &rows->rows[i];
                struct value *map = value_append_map(list);

                value_set_count(map, "number", row->id);
                value_set_time(map, "at", row->created);
                value_set_text(map, "to", *row->name ? row->name : NULL);
                value_set_text(map, "about", with_about && *row->pupil_name ? row->pupil_name : NULL);
                desk_set_url(map, "about_query", row->pupil);
                value_set_bool(map, "is_protected", row->is_protected);
                value_set_text(map, "channel", desk_word_of(desk, "channel", row->channel));
                value_set_text(map, "rule", desk_word_of(desk, "rule", row->rule));
                value_set_text(map, "state", desk_word_of(desk, "message-state", row->state));
                value_set_text(map, "tone", message_tone(row->state, row->reason));
                value_set_bool(map, "is_urgent", row->urgent);
                if (row->notices > 1)
                        value_set_count(map, "notices", row->notices);
        }
}
