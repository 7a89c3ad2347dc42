#include "intake/split.h"

#include <string.h>

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct split *split)
{
        for (; split->at < split->end && is_space(*split->at); split->at++)
                split->line += *split->at == '\n';
}

struct span span_of(const char *data, size_t length)
{
        if (length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
                return (struct span){data + 3, length - 3, 1};
        return (struct span){data, length, 1};
}

char split_kind(struct span span)
{
        for (size_t i = 0; i < span.length; i++)
                if (!is_space(span.data[i]))
                        return span.data[i];
        return 0;
}

int split_init(struct split *split, struct span span, char bracket, struct err *err)
{
        *split = (struct split){.at = span.data,
                                .end = span.data + span.length,
                                .line = span.line,
                                .bracket = bracket,
                                .is_first = true};
        skip_space(split);
        if (split->at == split->end || *split->at != bracket)
                return err_set(err, ERR_INVALID, "line %d: no JSON %s: it must begin with %c", split->line,
                               bracket == '{' ? "object" : "array", bracket);
        split->at++;
        return 0;
}

static int cut_short(const struct split *split, struct err *err)
{
        return err_set(err, ERR_INVALID, "line %d: the JSON text ends too early: is the file cut?",
                       split->line);
}

/* Stands on a quote; moves behind the closing one. */
static bool skip_string(struct split *split)
{
        for (split->at++; split->at < split->end && *split->at != '"'; split->at++) {
                split->line += *split->at == '\n';
                if (*split->at == '\\' && split->at + 1 < split->end)
                        split->at++;
        }
        if (split->at >= split->end)
                return false;
        split->at++;
        return true;
}

/* Stands on an opening bracket; moves behind its closing one. */
static bool skip_nested(struct split *split)
{
        size_t depth = 0;

        while (split->at < split->end) {
                char c = *split->at;

                if (c == '"') {
                        if (!skip_string(split))
                                return false;
                        continue;
                }
                split->line += c == '\n';
                split->at++;
                if (c == '{' || c == '[')
                        depth++;
                else if ((c == '}' || c == ']') && --depth == 0)
                        return true;
        }
        return false;
}

static bool is_end_of_scalar(char c)
{
        return is_space(c) || c == ',' || c == ']' || c == '}';
}

static int take_value(struct split *split, struct span *ret_span, struct err *err)
{
        skip_space(split);
        *ret_span = (struct span){split->at, 0, split->line};
        if (split->at == split->end)
                return cut_short(split, err);
        if (*split->at == '{' || *split->at == '[') {
                if (!skip_nested(split))
                        return cut_short(split, err);
        } else if (*split->at == '"') {
                if (!skip_string(split))
                        return cut_short(split, err);
        } else {
                while (split->at < split->end && !is_end_of_scalar(*split->at))
                        split->at++;
        }
        ret_span->length = (size_t)(split->at - ret_span->data);
        if (ret_span->length == 0)
                return err_set(err, ERR_INVALID, "line %d: a value is missing before '%.1s'", split->line,
                               split->at);
        return 0;
}

static int take_end(struct split *split, struct err *err)
{
        split->at++;
        skip_space(split);
        if (split->at < split->end)
                return err_set(err, ERR_INVALID,
                               "line %d: something follows the end of the JSON text: remove it", split->line);
        return 0;
}

static int take_key(struct split *split, struct span *ret_key, struct err *err)
{
        int r;

        if (*split->at != '"')
                return err_set(err, ERR_INVALID, "line %d: a key in double quotes is missing", split->line);
        r = take_value(split, ret_key, err);
        if (r < 0)
                return r;
        skip_space(split);
        if (split->at == split->end)
                return cut_short(split, err);
        if (*split->at != ':')
                return err_set(err, ERR_INVALID, "line %d: ':' is missing after a key", split->line);
        split->at++;
        return 0;
}

int split_next(struct split *split, struct span *ret_key, struct span *ret_value, struct err *err)
{
        char closing = split->bracket == '{' ? '}' : ']';
        int r;

        skip_space(split);
        if (split->at == split->end)
                return cut_short(split, err);
        if (*split->at == closing)
                return take_end(split, err);
        if (!split->is_first) {
                if (*split->at != ',')
                        return err_set(err, ERR_INVALID, "line %d: ',' or '%c' is missing", split->line,
                                       closing);
                split->at++;
                skip_space(split);
                if (split->at == split->end)
                        return cut_short(split, err);
        }
        split->is_first = false;
        if (split->bracket == '{') {
                r = take_key(split, ret_key, err);
                if (r < 0)
                        return r;
        }
        r = take_value(split, ret_value, err);
        return r < 0 ? r : 1;
}
