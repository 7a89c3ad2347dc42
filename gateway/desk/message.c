/* Messages, one by one in a line; what of their texts is not for the log. */
#include "desk/message.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_LEAST 16 /* letters in a row that may open something */
#define CODE_DIGITS 6  /* of a one-time code */
#define CASE_LEAST 9   /* "2026-0001" */
#define CASE_MOST 16

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

static void add_row(struct desk *desk, struct value *list, const struct desk_log_row *row, bool with_about)
{
        struct value *map = value_append_map(list);

        value_set_count(map, "number", row->id);
        value_set_time(map, "at", row->created);
        value_set_text(map, "to", *row->name ? row->name : NULL);
        with_about = with_about && *row->pupil_name && strcmp(row->pupil_name, row->name) != 0;
        value_set_text(map, "about", with_about ? row->pupil_name : NULL);
        value_set_text(map, "channel", desk_word_of(desk, "channel", row->channel));
        value_set_text(map, "rule", desk_word_of(desk, "rule", row->rule));
        value_set_text(map, "state", desk_word_of(desk, "message-state", row->state));
        value_set_text(map, "tone", message_tone(row->state, row->reason));
        value_set_bool(map, "is_urgent", row->urgent);
        if (row->notices > 1)
                value_set_count(map, "notices", row->notices);
}

int message_set_rows(struct desk *desk, const struct desk_log_rows *rows, bool with_about)
{
        struct value *list = value_set_list(desk->values, "messages");
        const char *last = "";
        int is_open = 1;

        for (int i = 0; i < rows->count; i++) {
                const struct desk_log_row *row = &rows->rows[i];
                struct desk_subject pupil;

                if (with_about && strcmp(row->pupil, last) != 0) {
                        is_open = *row->pupil
                                      ? desk_opens(desk, DESK_LOG, DESK_SUBJECT_PUPIL, row->pupil, &pupil)
                                      : 1;
                        last = row->pupil;
                }
                if (is_open < 0)
                        return is_open;
                if (is_open)
                        add_row(desk, list, row, with_about);
        }
        return 0;
}

/* ---- masking */

static bool is_token_letter(char c)
{
        return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* How many bytes of TEXT are one run of letters that a token may have. */
static size_t token_run(const char *text)
{
        size_t length = 0;

        while (is_token_letter(text[length]))
                length++;
        return length;
}

/* A link: its host stays, what may be a token goes. Returns how much of TEXT it was. */
static size_t mask_link(const char *text, struct buf *ret_text)
{
        size_t length = strcspn(text, " \t\r\n\"<>"), at = strstr(text, "://") - text + 3;

        buf_add(ret_text, text, at);
        while (at < length) {
                size_t run = token_run(text + at);

                if (run >= TOKEN_LEAST)
                        buf_adds(ret_text, "…");
                else
                        buf_add(ret_text, text + at, run ? run : 1);
                at += run ? run : 1;
        }
        return length;
}

static bool is_case(const char *text, size_t length)
{
        if (length < CASE_LEAST || length > CASE_MOST || text[4] != '-')
                return false;
        for (size_t i = 0; i < length; i++)
                if (i != 4 && !isdigit((unsigned char)text[i]))
                        return false;
        return true;
}

static bool is_code(const char *text, size_t length)
{
        return length == CODE_DIGITS && strspn(text, "0123456789") >= CODE_DIGITS;
}

/* 1: a run of letters that is not for the reader. */
static int is_secret(struct desk *desk, const char *text, size_t length)
{
        char number[CASE_MOST + 1];
        int r;

        if (is_code(text, length))
                return 1;
        if (!is_case(text, length))
                return 0;
        snprintf(number, sizeof number, "%.*s", (int)length, text);
        r = desk_log_case_is_open(desk->db, number, desk->session.person, desk->err);
        return r < 0 ? r : !r;
}

int message_mask(struct desk *desk, const char *text, struct buf *ret_text)
{
        while (*text) {
                size_t run = token_run(text);
                int secret;

                if (run && strncmp(text + run, "://", 3) == 0) {
                        text += mask_link(text, ret_text);
                        continue;
                }
                if (!run) {
                        buf_addc(ret_text, *text++);
                        continue;
                }
                secret = is_secret(desk, text, run);
                if (secret < 0)
                        return secret;
                if (secret)
                        buf_adds(ret_text, "…");
                else
                        buf_add(ret_text, text, run);
                text += run;
        }
        return buf_error(ret_text) < 0
                   ? err_set(desk->err, buf_error(ret_text), "message: too long to be shown")
                   : 0;
}
