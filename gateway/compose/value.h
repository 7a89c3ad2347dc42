/* value: what a template prints, as a tree of typed values. The one who has the facts builds it (rows, a
 * provider's answer, a page's data); a template only reads it. Knows no language and no store.
 *
 * Ownership: the root (value_map_new, value_parse) owns every node under it, and value_free of the root frees
 * all. A map or list that is put into another is made there and lent to the caller, who fills it and never
 * frees it. Text and keys are copied.
 *
 * Errors stick to the tree: what fails (no memory, past a maximum, text that is not UTF-8) leaves the tree as
 * it was and is told by value_error, which a builder asks once, at its end; a NULL map or list is ignored
 * because its making has left the error behind. Once it is built, any number of threads may read a tree. */
#ifndef COMPOSE_VALUE_H
#define COMPOSE_VALUE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_NODES_MAX 20000          /* nodes in one tree */
#define VALUE_DEPTH_MAX 16             /* maps and lists inside one another */
#define VALUE_TEXT_MAX_BYTES 65536     /* one text */
#define VALUE_KEY_MAX_BYTES 64         /* one part of a key */
#define VALUE_JSON_MAX_BYTES (1 << 20) /* what value_parse reads */

enum value_kind {
        VALUE_NULL,
        VALUE_BOOL,
        VALUE_COUNT,  /* whole number; has plural categories */
        VALUE_NUMBER, /* number with decimals */
        VALUE_TEXT,   /* also a name */
        VALUE_DATE,   /* days since 1970-01-01, base/date.h */
        VALUE_TIME,   /* seconds since 1970 UTC; printed in the reader's zone */
        VALUE_CLOCK,  /* time of day on a clock face, seconds from 00:00, 0–86400 */
        VALUE_LIST,
        VALUE_MAP, /* keeps the order in which keys were set */
};

struct value_tree;

/* Read the fields, never write them. */
struct value {
        enum value_kind kind;
        uint8_t depth;
        bool boolean;
        int32_t date;                      /* VALUE_DATE */
        int32_t seconds;                   /* VALUE_CLOCK */
        int64_t count;                     /* VALUE_COUNT; for VALUE_TIME seconds UTC */
        double number;                     /* VALUE_NUMBER */
        char *text;                        /* VALUE_TEXT */
        char *key;                         /* name in its map; NULL in a list and in the root */
        struct value *first, *last, *next; /* children of a map or list; the next sibling */
        struct value_tree *tree;
};

struct value *value_map_new(void); /* NULL when out of memory */
struct value *value_free(struct value *root);

/* 0, ERR_NOMEM, ERR_LIMIT or ERR_INVALID: the first thing that went wrong in the tree, naming its key. */
int value_error(const struct value *map, struct err *err);

/* KEY is letters, digits, '_' and '-'; "pupil.first_name" sets first_name in the map pupil, which is made
 * when it is not there. Setting a key again replaces it. TEXT may be NULL: the value is then null. */
void value_set_null(struct value *map, const char *key);
void value_set_bool(struct value *map, const char *key, bool boolean);
void value_set_count(struct value *map, const char *key, int64_t count);
void value_set_number(struct value *map, const char *key, double number);
void value_set_text(struct value *map, const char *key, const char *text);
void value_set_date(struct value *map, const char *key, int32_t date);
void value_set_time(struct value *map, const char *key, int64_t utc);
void value_set_clock(struct value *map, const char *key, int seconds);
struct value *value_set_map(struct value *map, const char *key);  /* lent; NULL when it failed */
struct value *value_set_list(struct value *map, const char *key); /* lent; NULL when it failed */

void value_append_text(struct value *list, const char *text);
void value_append_count(struct value *list, int64_t count);
void value_append_date(struct value *list, int32_t date);
struct value *value_append_map(struct value *list);

/* The value at a key, or NULL. KEY is one part, LENGTH bytes of it. */
const struct value *value_get(const struct value *map, const char *key, size_t length);
/* The same for a dotted path. */
const struct value *value_find(const struct value *map, const char *path);

/* The tree as JSON, and back. Plain JSON, save {"$date":"2026-11-23"}, {"$time":UTC SECONDS} and
 * {"$clock":"08:15"} (or "08:15:30"); whole numbers are counts. value_parse wants an object.
 * ERR_INVALID (with "line N"), ERR_LIMIT, ERR_NOMEM. */
int value_parse(const char *json, size_t length_bytes, struct value **ret_root, struct err *err);
int value_print(const struct value *value, struct buf *buf);

#endif
