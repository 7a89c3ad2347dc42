#include "compose/value.h"
#include "base/date.h"
#include "base/zone.h"
#include "compose/json_text.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unicode/utf8.h>

#define CLOCK_MAX 86400

struct value_tree {
        unsigned nodes;
        int error;
        char failed_key[VALUE_KEY_MAX_BYTES];
};

static struct value *failed(struct value_tree *tree, int error, const char *key)
{
        if (!tree->error) {
                tree->error = error;
                snprintf(tree->failed_key, sizeof tree->failed_key, "%s", key ? key : "(list item)");
        }
        return NULL;
}

static void free_nodes(struct value *value)
{
        struct value *child, *next;

        for (child = value->first; child; child = next) {
                next = child->next;
                free_nodes(child);
        }
        value->tree->nodes--;
        free(value->text);
        free(value->key);
        free(value);
}

struct value *value_map_new(void)
{
        struct value *root = calloc(1, sizeof *root);

        if (!root)
                return NULL;
        root->kind = VALUE_MAP;
        root->tree = calloc(1, sizeof *root->tree);
        if (!root->tree) {
                free(root);
                return NULL;
        }
        root->tree->nodes = 1;
        return root;
}

struct value *value_free(struct value *root)
{
        struct value_tree *tree;

        if (!root)
                return NULL;
        tree = root->tree;
        free_nodes(root);
        free(tree);
        return NULL;
}

int value_error(const struct value *map, struct err *err)
{
        const struct value_tree *tree = map->tree;

        switch (tree->error) {
        case 0:
                return 0;
        case ERR_LIMIT:
                return err_set(err, ERR_LIMIT, "%s: too many, too deep or too long a value: send less",
                               tree->failed_key);
        case ERR_INVALID:
                return err_set(err, ERR_INVALID, "%s: no value that can be printed: mend the key or its text",
                               tree->failed_key);
        default:
                return err_set(err, tree->error, "%s: out of memory", tree->failed_key);
        }
}

static bool is_key(const char *key, size_t length)
{
        if (length == 0)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", key[i]))
                        return false;
        return true;
}

static bool is_utf8(const char *text, size_t length)
{
        int32_t i = 0;
        UChar32 c;

        while (i < (int32_t)length) {
                U8_NEXT(text, i, (int32_t)length, c);
                if (c < 0)
                        return false;
        }
        return true;
}

/* A new last child of PARENT; the key is the first LENGTH bytes of KEY, or none. */
static struct value *add_child(struct value *parent, enum value_kind kind, const char *key, size_t length)
{
        struct value_tree *tree = parent->tree;
        struct value *child;

        if (tree->nodes >= VALUE_NODES_MAX || parent->depth + 1 > VALUE_DEPTH_MAX ||
            length >= VALUE_KEY_MAX_BYTES)
                return failed(tree, ERR_LIMIT, key);
        if (key && !is_key(key, length))
                return failed(tree, ERR_INVALID, key);
        child = calloc(1, sizeof *child);
        if (!child)
                return failed(tree, ERR_NOMEM, key);
        if (key && !(child->key = strndup(key, length))) {
                free(child);
                return failed(tree, ERR_NOMEM, key);
        }
        child->kind = kind;
        child->depth = (uint8_t)(parent->depth + 1);
        child->tree = tree;
        if (parent->last)
                parent->last->next = child;
        else
                parent->first = child;
        parent->last = child;
        tree->nodes++;
        return child;
}

/* Empties a node so that it can hold another kind in the same place. */
static void clear(struct value *value, enum value_kind kind)
{
        struct value *child, *next;

        for (child = value->first; child; child = next) {
                next = child->next;
                free_nodes(child);
        }
        free(TAKE(value->text));
        value->first = value->last = NULL;
        value->kind = kind;
}

static struct value *set(struct value *map, const char *key, enum value_kind kind)
{
        const char *dot;
        struct value *child;

        if (!map || map->tree->error)
                return NULL;
        if (map->kind != VALUE_MAP)
                return failed(map->tree, ERR_INVALID, key);
        dot = strchrnul(key, '.');
        child = (struct value *)value_get(map, key, (size_t)(dot - key));
        if (*dot) {
                if (!child)
                        child = add_child(map, VALUE_MAP, key, (size_t)(dot - key));
                return child ? set(child, dot + 1, kind) : NULL;
        }
        if (!child)
                return add_child(map, kind, key, (size_t)(dot - key));
        clear(child, kind);
        return child;
}

static struct value *append(struct value *list, enum value_kind kind)
{
        if (!list || list->tree->error)
                return NULL;
        if (list->kind != VALUE_LIST)
                return failed(list->tree, ERR_INVALID, list->key);
        return add_child(list, kind, NULL, 0);
}

static void put_text(struct value *value, const char *text)
{
        size_t length;

        if (!value || !text)
                return;
        length = strlen(text);
        if (length > VALUE_TEXT_MAX_BYTES)
                failed(value->tree, ERR_LIMIT, value->key);
        else if (!is_utf8(text, length))
                failed(value->tree, ERR_INVALID, value->key);
        else if (!(value->text = strdup(text)))
                failed(value->tree, ERR_NOMEM, value->key);
        /* The tree is of no use after an error, but it stays one that can be walked. */
        if (!value->text)
                value->kind = VALUE_NULL;
}

void value_set_null(struct value *map, const char *key)
{
        set(map, key, VALUE_NULL);
}

void value_set_bool(struct value *map, const char *key, bool boolean)
{
        struct value *value = set(map, key, VALUE_BOOL);

        if (value)
                value->boolean = boolean;
}

void value_set_count(struct value *map, const char *key, int64_t count)
{
        struct value *value = set(map, key, VALUE_COUNT);

        if (value)
                value->count = count;
}

static void put_number(struct value *value, double number)
{
        if (!value)
                return;
        value->number = number;
        if (!isfinite(number))
                failed(value->tree, ERR_INVALID, value->key);
}

void value_set_number(struct value *map, const char *key, double number)
{
        put_number(set(map, key, VALUE_NUMBER), number);
}

void value_set_text(struct value *map, const char *key, const char *text)
{
        put_text(set(map, key, text ? VALUE_TEXT : VALUE_NULL), text);
}

static void put_date(struct value *value, int32_t date)
{
        if (!value)
                return;
        value->date = date;
        if (date < date_from_civil(1900, 1, 1) || date > date_from_civil(2199, 12, 31))
                failed(value->tree, ERR_INVALID, value->key);
}

void value_set_date(struct value *map, const char *key, int32_t date)
{
        put_date(set(map, key, VALUE_DATE), date);
}

static void put_time(struct value *value, int64_t utc)
{
        if (!value)
                return;
        value->count = utc;
        if (utc < (int64_t)date_from_civil(1900, 1, 2) * 86400 ||
            utc >= (int64_t)date_from_civil(2199, 12, 31) * 86400)
                failed(value->tree, ERR_INVALID, value->key);
}

void value_set_time(struct value *map, const char *key, int64_t utc)
{
        put_time(set(map, key, VALUE_TIME), utc);
}

static void put_clock(struct value *value, int seconds)
{
        if (!value)
                return;
        value->seconds = seconds;
        if (seconds < 0 || seconds > CLOCK_MAX)
                failed(value->tree, ERR_INVALID, value->key);
}

void value_set_clock(struct value *map, const char *key, int seconds)
{
        put_clock(set(map, key, VALUE_CLOCK), seconds);
}

struct value *value_set_map(struct value *map, const char *key)
{
        return set(map, key, VALUE_MAP);
}

struct value *value_set_list(struct value *map, const char *key)
{
        return set(map, key, VALUE_LIST);
}

void value_append_text(struct value *list, const char *text)
{
        put_text(append(list, text ? VALUE_TEXT : VALUE_NULL), text);
}

void value_append_count(struct value *list, int64_t count)
{
        struct value *value = append(list, VALUE_COUNT);

        if (value)
                value->count = count;
}

void value_append_date(struct value *list, int32_t date)
{
        put_date(append(list, VALUE_DATE), date);
}

struct value *value_append_map(struct value *list)
{
        return append(list, VALUE_MAP);
}

const struct value *value_get(const struct value *map, const char *key, size_t length)
{
        const struct value *child;

        if (!map || map->kind != VALUE_MAP)
                return NULL;
        for (child = map->first; child; child = child->next)
                if (strncmp(child->key, key, length) == 0 && child->key[length] == '\0')
                        return child;
        return NULL;
}

const struct value *value_find(const struct value *map, const char *path)
{
        const char *dot;

        for (;; path = dot + 1) {
                dot = strchrnul(path, '.');
                map = value_get(map, path, (size_t)(dot - path));
                if (!map || !*dot)
                        return map;
        }
}

/* The kind that a JSON value stands for; false when it stands for none. */
static bool json_kind(const json_t *json, enum value_kind *ret_kind)
{
        static const struct {
                const char *mark;
                enum value_kind kind;
        } marks_table[] = {{"$clock", VALUE_CLOCK}, {"$date", VALUE_DATE}, {"$time", VALUE_TIME}};

        switch (json_typeof(json)) {
        case JSON_NULL:
                *ret_kind = VALUE_NULL;
                return true;
        case JSON_TRUE:
        case JSON_FALSE:
                *ret_kind = VALUE_BOOL;
                return true;
        case JSON_INTEGER:
                *ret_kind = VALUE_COUNT;
                return true;
        case JSON_REAL:
                *ret_kind = VALUE_NUMBER;
                return true;
        case JSON_STRING:
                *ret_kind = VALUE_TEXT;
                return true;
        case JSON_ARRAY:
                *ret_kind = VALUE_LIST;
                return true;
        case JSON_OBJECT:
                break;
        }
        *ret_kind = VALUE_MAP;
        for (size_t i = 0; i < ARRAY_SIZE(marks_table); i++)
                if (json_object_get(json, marks_table[i].mark)) {
                        *ret_kind = marks_table[i].kind;
                        return json_object_size(json) == 1;
                }
        return true;
}

static void put_marked(struct value *value, const json_t *json)
{
        const json_t *inner = json_object_iter_value(json_object_iter((json_t *)json));
        const char *text = json_string_value(inner);
        int32_t date;
        int seconds;

        if (value->kind == VALUE_TIME && json_is_integer(inner))
                put_time(value, json_integer_value(inner));
        else if (value->kind == VALUE_DATE && text && date_parse(text, &date))
                put_date(value, date);
        else if (value->kind == VALUE_CLOCK && text && zone_parse_time(text, &seconds))
                put_clock(value, seconds);
        else
                failed(value->tree, ERR_INVALID, value->key);
}

static void put_json(struct value *parent, const char *key, const json_t *json);

static void put_children(struct value *value, const json_t *json)
{
        const char *key;
        json_t *item;
        size_t i;

        if (value->kind == VALUE_LIST)
                json_array_foreach(json, i, item) put_json(value, NULL, item);
        else
                json_object_foreach((json_t *)json, key, item) put_json(value, key, item);
}

static void put_json(struct value *parent, const char *key, const json_t *json)
{
        struct value *value;
        enum value_kind kind;

        if (parent->tree->error)
                return;
        if (!json_kind(json, &kind)) {
                failed(parent->tree, ERR_INVALID, key);
                return;
        }
        value = key ? set(parent, key, kind) : append(parent, kind);
        if (!value)
                return;
        switch (kind) {
        case VALUE_NULL:
                break;
        case VALUE_BOOL:
                value->boolean = json_is_true(json);
                break;
        case VALUE_COUNT:
                value->count = json_integer_value(json);
                break;
        case VALUE_NUMBER:
                put_number(value, json_real_value(json));
                break;
        case VALUE_TEXT:
                put_text(value, json_string_value(json));
                break;
        case VALUE_DATE:
        case VALUE_TIME:
        case VALUE_CLOCK:
                put_marked(value, json);
                break;
        case VALUE_LIST:
        case VALUE_MAP:
                put_children(value, json);
                break;
        }
}

int value_parse(const char *text, size_t length_bytes, struct value **ret_root, struct err *err)
{
        json_error_t fault;
        struct value *root;
        json_t *json;
        int r;

        if (length_bytes > VALUE_JSON_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "values: JSON over %d bytes: send less", VALUE_JSON_MAX_BYTES);
        r = json_text_read(text, length_bytes, JSON_REJECT_DUPLICATES, &json, &fault);
        if (r == ERR_NOMEM)
                return err_set(err, ERR_NOMEM, "values: out of memory");
        if (r < 0)
                return err_set(err, ERR_INVALID, "values: line %d: %s: mend the JSON", fault.line,
                               fault.text);
        root = json_is_object(json) ? value_map_new() : NULL;
        if (root)
                put_children(root, json);
        r = root ? value_error(root, err)
                 : err_set(err, json_is_object(json) ? ERR_NOMEM : ERR_INVALID,
                           "values: no JSON object: give one with a member for each value");
        json_decref(json);
        if (r < 0) {
                value_free(root);
                return r;
        }
        *ret_root = root;
        return 0;
}

static json_t *to_json(const struct value *value);

static json_t *children_to_json(const struct value *value)
{
        json_t *json = value->kind == VALUE_LIST ? json_array() : json_object();
        const struct value *child;

        for (child = value->first; json && child; child = child->next) {
                json_t *item = to_json(child);
                /* Both take the item, and refuse a NULL one. */
                int r = child->key ? json_object_set_new(json, child->key, item)
                                   : json_array_append_new(json, item);
                if (r < 0) {
                        json_decref(json);
                        return NULL;
                }
        }
        return json;
}

static json_t *to_json(const struct value *value)
{
        char date[DATE_TEXT_MAX], clock[16];

        switch (value->kind) {
        case VALUE_NULL:
                return json_null();
        case VALUE_BOOL:
                return json_boolean(value->boolean);
        case VALUE_COUNT:
                return json_integer(value->count);
        case VALUE_NUMBER:
                return json_real(value->number);
        case VALUE_TEXT:
                return json_string(value->text);
        case VALUE_DATE:
                date_print(value->date, date);
                return json_pack("{s:s}", "$date", date);
        case VALUE_TIME:
                return json_pack("{s:I}", "$time", (json_int_t)value->count);
        case VALUE_CLOCK:
                snprintf(clock, sizeof clock, "%02d:%02d:%02d", value->seconds / 3600,
                         value->seconds / 60 % 60, value->seconds % 60);
                if (value->seconds % 60 == 0)
                        clock[5] = '\0';
                return json_pack("{s:s}", "$clock", clock);
        default:
                return children_to_json(value);
        }
}

int value_print(const struct value *value, struct buf *buf)
{
        json_t *json = to_json(value);
        char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        int r = text ? buf_adds(buf, text) : ERR_NOMEM;

        json_decref(json);
        free(text);
        return r;
}
