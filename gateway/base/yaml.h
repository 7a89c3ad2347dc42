/* yaml: a small, strict reader of YAML files into an immutable tree that knows its lines.
 *
 * It takes the part of YAML that people write by hand: mappings with text keys, sequences and scalars. It
 * refuses anchors, aliases, tags, duplicate keys, several documents, an empty file, text that is not UTF-8,
 * and what passes the limits below. A scalar has no type until a getter asks for one: `no` and `09:15` are
 * text. It knows nothing of rules, providers or configuration: their readers ask for keys and say which ones
 * are allowed.
 *
 * Errors are ERR_INVALID (ERR_NOT_FOUND or ERR_IO when the file cannot be read) with the text "FILE:LINE:
 * KEY: WHAT is wrong: what to do", KEY being the way to it from the root, as in `notify[0].to`. Nodes and
 * texts belong to the document and live until yaml_free. A document may be read by many threads. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_FILE_MAX (256 * 1024) /* bytes */
#define YAML_NODE_MAX 20000
#define YAML_DEPTH_MAX 16

struct yaml;
struct yaml_node;

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_SEQUENCE, YAML_KIND_MAPPING };

int yaml_load(const char *path, struct yaml **ret_yaml, struct err *err);
/* NAME stands for the file in errors. */
int yaml_parse(const char *name, const char *bytes, size_t length, struct yaml **ret_yaml, struct err *err);
struct yaml *yaml_free(struct yaml *yaml); /* takes NULL, returns NULL */

static inline void yaml_freep(struct yaml **yaml)
{
        yaml_free(*yaml);
}

const struct yaml_node *yaml_root(const struct yaml *yaml); /* never NULL */

enum yaml_kind yaml_kind(const struct yaml_node *node);
int yaml_line(const struct yaml_node *node);         /* from 1 */
const char *yaml_file(const struct yaml_node *node); /* the path or name it was read from */

/* Entries of a mapping or items of a sequence, in the order of the file; 0 for a scalar. */
int yaml_count(const struct yaml_node *node);
const struct yaml_node *yaml_at(const struct yaml_node *node, int index);

/* The key under which NODE stands in its mapping; NULL for an item or the root. */
const char *yaml_key(const struct yaml_node *node);

/* The value of KEY; NULL when it is absent or NODE is NULL or no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

/* `key:`, `key: ~` or `key: null`, unquoted. */
bool yaml_is_null(const struct yaml_node *node);
/* A scalar in quotes or a block (| or >). */
bool yaml_is_quoted(const struct yaml_node *node);

/* The text of a scalar as written, its quotes, escapes and block indentation undone. Null is an error; an
 * empty text in quotes is not. */
int yaml_text(const struct yaml_node *node, const char **ret_text, struct err *err);
/* The text of KEY in MAPPING, copied: free() it. *ret_text is left alone when there is no such key. */
int yaml_copy_text(const struct yaml_node *mapping, const char *key, char **ret_text, struct err *err);
int yaml_int(const struct yaml_node *node, int64_t min, int64_t max, int64_t *ret_value, struct err *err);
int yaml_bool(const struct yaml_node *node, bool *ret_value, struct err *err);          /* true or false */
int yaml_duration(const struct yaml_node *node, int64_t *ret_seconds, struct err *err); /* "15 min" */
int yaml_time_of_day(const struct yaml_node *node, int *ret_seconds,
                     struct err *err); /* "09:15", from midnight */

/* Refuse what is of another kind. */
int yaml_want(const struct yaml_node *node, enum yaml_kind kind, struct err *err);
/* The value of KEY in mapping NODE, which must be there. */
int yaml_need(const struct yaml_node *node, const char *key, const struct yaml_node **ret_value,
              struct err *err);
/* NODE must be a mapping with no keys but those of ALLOWED, which ends with NULL. */
int yaml_only_keys(const struct yaml_node *node, const char *const allowed[], struct err *err);

/* Fills ERR with "FILE:LINE: KEY: " and the formatted text "WHAT is wrong: what to do"; ERR_INVALID. */
int yaml_refuse(const struct yaml_node *node, struct err *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same readings for text that comes from elsewhere (a parameter kept in the database): "N s", "N min",
 * "N h" or "N d", at most ten years; "HH:MM" or "HH:MM:SS", 00:00–24:00. Whole text only. */
bool yaml_read_duration(const char *text, int64_t *ret_seconds);
bool yaml_read_time_of_day(const char *text, int *ret_seconds);
bool yaml_read_int(const char *text, int64_t *ret_value);

#endif
