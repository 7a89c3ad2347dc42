#include "base/yaml.h"
#include "base/buf.h"
#include "base/zone.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define KEY_PATH_MAX 128 /* bytes of the way to a node in an error; longer ones are cut */
#define DURATION_MAX_SECONDS (3653 * INT64_C(86400))

struct yaml_node {
        const struct yaml *yaml;
        const struct yaml_node *parent;
        struct yaml_node **children;
        char *key;  /* in its mapping */
        char *text; /* of a scalar */
        enum yaml_kind kind;
        int index, line, count, room;
        bool is_quoted;
};

struct yaml {
        char *name;
        struct yaml_node *root;
        int node_count;
};

/* ---- the tree */

static struct yaml_node *node_free(struct yaml_node *node)
{
        if (!node)
                return NULL;
        for (int i = 0; i < node->count; i++)
                node_free(node->children[i]);
        free(node->children);
        free(node->key);
        free(node->text);
        free(node);
        return NULL;
}

struct yaml *yaml_free(struct yaml *yaml)
{
        if (!yaml)
                return NULL;
        node_free(yaml->root);
        free(yaml->name);
        free(yaml);
        return NULL;
}

const struct yaml_node *yaml_root(const struct yaml *yaml)
{
        return yaml->root;
}

enum yaml_kind yaml_kind(const struct yaml_node *node)
{
        return node->kind;
}

int yaml_line(const struct yaml_node *node)
{
        return node->line;
}

const char *yaml_file(const struct yaml_node *node)
{
        return node->yaml->name;
}

int yaml_count(const struct yaml_node *node)
{
        return node->count;
}

const struct yaml_node *yaml_at(const struct yaml_node *node, int index)
{
        return index >= 0 && index < node->count ? node->children[index] : NULL;
}

const char *yaml_key(const struct yaml_node *node)
{
        return node->key;
}

const struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
        if (!node || node->kind != YAML_KIND_MAPPING)
                return NULL;
        for (int i = 0; i < node->count; i++)
                if (strcmp(node->children[i]->key, key) == 0)
                        return node->children[i];
        return NULL;
}

bool yaml_is_quoted(const struct yaml_node *node)
{
        return node->is_quoted;
}

bool yaml_is_null(const struct yaml_node *node)
{
        return node->kind == YAML_KIND_SCALAR && !node->is_quoted &&
               (!node->text[0] || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* The way from the root, "notify[0].to". */
static void print_path(const struct yaml_node *node, struct buf *buf)
{
        if (!node->parent)
                return;
        print_path(node->parent, buf);
        if (node->key)
                buf_addf(buf, "%s%s", node->parent->parent ? "." : "", node->key);
        else
                buf_addf(buf, "[%d]", node->index);
}

int yaml_refuse(const struct yaml_node *node, struct err *err, const char *format, ...)
{
        char text[ERR_TEXT_MAX], path[KEY_PATH_MAX] = "";
        va_list arguments;
        struct buf buf;

        va_start(arguments, format);
        if (vsnprintf(text, sizeof text, format, arguments) < 0)
                text[0] = '\0';
        va_end(arguments);
        buf_init(&buf, 4096);
        print_path(node, &buf);
        if (buf.length)
                snprintf(path, sizeof path, "%s: ", buf_text(&buf));
        buf_fini(&buf);
        return err_set(err, ERR_INVALID, "%s:%d: %s%s", node->yaml->name, node->line, path, text);
}

/* ---- parsing */

struct parsing {
        yaml_parser_t parser;
        struct yaml *yaml;
        const char *bytes;
        struct err *err;
};

static int refuse_at(struct parsing *parsing, size_t line, const char *what)
{
        return err_set(parsing->err, ERR_INVALID, "%s:%zu: %s", parsing->yaml->name, line + 1, what);
}

/* What libyaml found: its reader tells a byte offset, its scanner and parser a line. */
static int refuse_syntax(struct parsing *parsing)
{
        const yaml_parser_t *parser = &parsing->parser;
        size_t line = 0;

        if (parser->error == YAML_MEMORY_ERROR)
                return err_set(parsing->err, ERR_NOMEM, "%s: out of memory", parsing->yaml->name);
        if (parser->error != YAML_READER_ERROR)
                return err_set(parsing->err, ERR_INVALID, "%s:%zu: %s: correct the YAML here or just above",
                               parsing->yaml->name, parser->problem_mark.line + 1,
                               parser->problem ? parser->problem : "is no YAML");
        for (size_t i = 0; i < parser->problem_offset; i++)
                line += parsing->bytes[i] == '\n';
        return refuse_at(parsing, line,
                         "not UTF-8 text or a control character: save the file as UTF-8 without them");
}

static int next_event(struct parsing *parsing, yaml_event_t *ret_event)
{
        return yaml_parser_parse(&parsing->parser, ret_event) ? 0 : refuse_syntax(parsing);
}

static int refuse_extras(struct parsing *parsing, const yaml_event_t *event)
{
        const yaml_char_t *anchor = NULL, *tag = NULL;

        switch (event->type) {
        case YAML_ALIAS_EVENT:
                anchor = event->data.alias.anchor;
                break;
        case YAML_SCALAR_EVENT:
                anchor = event->data.scalar.anchor;
                tag = event->data.scalar.tag;
                break;
        case YAML_SEQUENCE_START_EVENT:
                anchor = event->data.sequence_start.anchor;
                tag = event->data.sequence_start.tag;
                break;
        case YAML_MAPPING_START_EVENT:
                anchor = event->data.mapping_start.anchor;
                tag = event->data.mapping_start.tag;
                break;
        default:
                break;
        }
        if (anchor)
                return refuse_at(
                    parsing, event->start_mark.line,
                    "anchors (&) and aliases (*) are not taken here: write the value out, or put it "
                    "in quotes");
        if (tag)
                return refuse_at(parsing, event->start_mark.line,
                                 "tags (!) are not taken here: leave it out, or put the value in quotes");
        return 0;
}

static int node_new(struct parsing *parsing, const struct yaml_node *parent, const yaml_event_t *event,
                    struct yaml_node **ret_node)
{
        struct yaml_node *node;

        if (++parsing->yaml->node_count > YAML_NODE_MAX)
                return refuse_at(parsing, event->start_mark.line,
                                 "more than 20000 values in one file: split the file");
        node = calloc(1, sizeof *node);
        if (!node)
                return err_set(parsing->err, ERR_NOMEM, "%s: out of memory", parsing->yaml->name);
        node->yaml = parsing->yaml;
        node->parent = parent;
        node->line = (int)event->start_mark.line + 1;
        *ret_node = node;
        return 0;
}

static int scalar_text(struct parsing *parsing, const yaml_event_t *event, char **ret_text)
{
        const char *value = (const char *)event->data.scalar.value;
        char *text;

        if (memchr(value, '\0', event->data.scalar.length))
                return refuse_at(parsing, event->start_mark.line, "a NUL character in a text: leave it out");
        text = strdup(value);
        if (!text)
                return err_set(parsing->err, ERR_NOMEM, "%s: out of memory", parsing->yaml->name);
        *ret_text = text;
        return 0;
}

static int append(struct parsing *parsing, struct yaml_node *node, struct yaml_node *child)
{
        struct yaml_node **grown;

        if (node->count == node->room) {
                node->room = node->room ? node->room * 2 : 8;
                grown = realloc(node->children, (size_t)node->room * sizeof *grown);
                if (!grown)
                        return err_set(parsing->err, ERR_NOMEM, "%s: out of memory", parsing->yaml->name);
                node->children = grown;
        }
        child->index = node->count;
        node->children[node->count++] = child;
        return 0;
}

static int parse_node(struct parsing *parsing, const struct yaml_node *parent, const yaml_event_t *event,
                      int depth, struct yaml_node **ret_node);

static int parse_key(struct parsing *parsing, const struct yaml_node *node, const yaml_event_t *event,
                     char **ret_key)
{
        _cleanup_(free_ptr) char *key = NULL;
        int r = refuse_extras(parsing, event);

        if (r < 0)
                return r;
        if (event->type != YAML_SCALAR_EVENT)
                return refuse_at(parsing, event->start_mark.line,
                                 "a key must be plain text: write it as `key: value`");
        r = scalar_text(parsing, event, &key);
        if (r < 0)
                return r;
        if (yaml_get(node, key))
                return err_set(parsing->err, ERR_INVALID,
                               "%s:%zu: %.80s: stands here and on line %d: keep one of the two",
                               parsing->yaml->name, event->start_mark.line + 1, key,
                               yaml_get(node, key)->line);
        *ret_key = TAKE(key);
        return 0;
}

/* One entry or item; 0 at the end of the collection, 1 when it was taken. */
static int parse_child(struct parsing *parsing, struct yaml_node *node, int depth)
{
        bool is_mapping = node->kind == YAML_KIND_MAPPING;
        _cleanup_(free_ptr) char *key = NULL;
        struct yaml_node *child = NULL;
        yaml_event_t event;
        int r = next_event(parsing, &event), line = 0;

        if (r < 0)
                return r;
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
                yaml_event_delete(&event);
                return 0;
        }
        if (is_mapping) {
                line = (int)event.start_mark.line + 1;
                r = parse_key(parsing, node, &event, &key);
                yaml_event_delete(&event);
                if (r == 0)
                        r = next_event(parsing, &event);
                if (r < 0)
                        return r;
        }
        r = parse_node(parsing, node, &event, depth, &child);
        yaml_event_delete(&event);
        if (r == 0) {
                child->key = TAKE(key);
                if (is_mapping && (child->kind != YAML_KIND_SCALAR || !child->text[0]))
                        child->line = line; /* people look for the key, not for its first child */
                r = append(parsing, node, child);
        }
        if (r < 0)
                node_free(child);
        return r < 0 ? r : 1;
}

static int parse_children(struct parsing *parsing, struct yaml_node *node, int depth)
{
        int r;

        if (depth >= YAML_DEPTH_MAX)
                return refuse_at(parsing, (size_t)node->line - 1,
                                 "nested more than 16 levels deep: make it flatter");
        do
                r = parse_child(parsing, node, depth + 1);
        while (r > 0);
        return r;
}

static int parse_node(struct parsing *parsing, const struct yaml_node *parent, const yaml_event_t *event,
                      int depth, struct yaml_node **ret_node)
{
        struct yaml_node *node = NULL;
        int r = refuse_extras(parsing, event);

        if (r == 0)
                r = node_new(parsing, parent, event, &node);
        if (r < 0)
                return r;
        if (event->type == YAML_SCALAR_EVENT) {
                node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
                r = scalar_text(parsing, event, &node->text);
        } else {
                node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_KIND_MAPPING : YAML_KIND_SEQUENCE;
                r = parse_children(parsing, node, depth);
        }
        if (r < 0)
                node_free(node);
        else
                *ret_node = node;
        return r;
}

static int expect(struct parsing *parsing, yaml_event_type_t type, const char *otherwise)
{
        yaml_event_t event;
        int r = next_event(parsing, &event);

        if (r < 0)
                return r;
        if (event.type != type)
                r = refuse_at(parsing, event.start_mark.line, otherwise);
        yaml_event_delete(&event);
        return r;
}

static int parse_document(struct parsing *parsing)
{
        yaml_event_t event;
        int r;

        r = expect(parsing, YAML_STREAM_START_EVENT, "is no YAML: correct it");
        if (r == 0)
                r = expect(parsing, YAML_DOCUMENT_START_EVENT, "the file is empty: fill it or remove it");
        if (r == 0)
                r = next_event(parsing, &event);
        if (r < 0)
                return r;
        r = parse_node(parsing, NULL, &event, 0, &parsing->yaml->root);
        yaml_event_delete(&event);
        if (r == 0)
                r = expect(parsing, YAML_DOCUMENT_END_EVENT, "text after the document: remove it");
        if (r == 0)
                r = expect(parsing, YAML_STREAM_END_EVENT,
                           "a second document (---): keep one document in a file");
        return r;
}

int yaml_parse(const char *name, const char *bytes, size_t length, struct yaml **ret_yaml, struct err *err)
{
        struct parsing parsing = {.bytes = bytes, .err = err};
        int r;

        if (length > YAML_FILE_MAX)
                return err_set(err, ERR_INVALID, "%s: larger than 256 KiB: split the file", name);
        parsing.yaml = calloc(1, sizeof *parsing.yaml);
        if (parsing.yaml)
                parsing.yaml->name = strdup(name);
        if (!parsing.yaml || !parsing.yaml->name || !yaml_parser_initialize(&parsing.parser)) {
                yaml_free(parsing.yaml);
                return err_set(err, ERR_NOMEM, "%s: out of memory", name);
        }
        yaml_parser_set_encoding(&parsing.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parsing.parser, (const unsigned char *)bytes, length);
        r = parse_document(&parsing);
        yaml_parser_delete(&parsing.parser);
        if (r < 0)
                yaml_free(parsing.yaml);
        else
                *ret_yaml = parsing.yaml;
        return r;
}

int yaml_load(const char *path, struct yaml **ret_yaml, struct err *err)
{
        _cleanup_(free_ptr) char *bytes = malloc(YAML_FILE_MAX + 1);
        FILE *file;
        size_t length;
        bool failed;

        if (!bytes)
                return err_set(err, ERR_NOMEM, "%s: out of memory", path);
        file = fopen(path, "re");
        if (!file)
                return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                               "%s: cannot be opened (%s): check the path and its rights", path,
                               strerror(errno));
        length = fread(bytes, 1, YAML_FILE_MAX + 1, file);
        failed = ferror(file);
        fclose(file);
        if (failed)
                return err_set(err, ERR_IO, "%s: cannot be read: check that it is a file", path);
        return yaml_parse(path, bytes, length, ret_yaml, err);
}

/* ---- typed readings */

static const char *kind_name(enum yaml_kind kind)
{
        switch (kind) {
        case YAML_KIND_SCALAR:
                return "one value";
        case YAML_KIND_SEQUENCE:
                return "a list ([a, b] or lines with -)";
        default:
                return "a mapping (key: value)";
        }
}

int yaml_want(const struct yaml_node *node, enum yaml_kind kind, struct err *err)
{
        if (node->kind == kind)
                return 0;
        return yaml_refuse(node, err, "is %s: write %s", kind_name(node->kind), kind_name(kind));
}

int yaml_text(const struct yaml_node *node, const char **ret_text, struct err *err)
{
        int r = yaml_want(node, YAML_KIND_SCALAR, err);

        if (r < 0)
                return r;
        if (yaml_is_null(node))
                return yaml_refuse(node, err, "has no value: give one or remove the key");
        *ret_text = node->text;
        return 0;
}

int yaml_copy_text(const struct yaml_node *mapping, const char *key, char **ret_text, struct err *err)
{
        const struct yaml_node *node = yaml_get(mapping, key);
        const char *text;
        char *copy;
        int r;

        if (!node)
                return 0;
        r = yaml_text(node, &text, err);
        if (r < 0)
                return r;
        copy = strdup(text);
        if (!copy)
                return err_set(err, ERR_NOMEM, "%s: out of memory", yaml_file(node));
        *ret_text = copy;
        return 0;
}

bool yaml_read_int(const char *text, int64_t *ret_value)
{
        intmax_t value;
        char *end;

        if (!(*text >= '0' && *text <= '9') && !(*text == '-' && text[1] >= '0' && text[1] <= '9'))
                return false;
        errno = 0;
        value = strtoimax(text, &end, 10);
        if (errno || *end)
                return false;
        *ret_value = value;
        return true;
}

int yaml_int(const struct yaml_node *node, int64_t min, int64_t max, int64_t *ret_value, struct err *err)
{
        const char *text;
        int64_t value;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        if (node->is_quoted || !yaml_read_int(text, &value))
                return yaml_refuse(node, err, "\"%.40s\" is no whole number: write a number without quotes",
                                   text);
        if (value < min || value > max)
                return yaml_refuse(node, err,
                                   "%" PRId64 " is out of range: choose between %" PRId64 " and %" PRId64,
                                   value, min, max);
        *ret_value = value;
        return 0;
}

int yaml_bool(const struct yaml_node *node, bool *ret_value, struct err *err)
{
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        if (node->is_quoted || (strcmp(text, "true") && strcmp(text, "false")))
                return yaml_refuse(node, err, "\"%.40s\" is neither true nor false: write one of the two",
                                   text);
        *ret_value = *text == 't';
        return 0;
}

bool yaml_read_duration(const char *text, int64_t *ret_seconds)
{
        static const struct {
                const char *name;
                int64_t seconds;
        } unit_table[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
        intmax_t value;
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        value = strtoimax(text, &end, 10);
        while (*end == ' ')
                end++;
        for (size_t i = 0; i < ARRAY_SIZE(unit_table) && !errno; i++) {
                if (strcmp(end, unit_table[i].name) || value > DURATION_MAX_SECONDS / unit_table[i].seconds)
                        continue;
                *ret_seconds = value * unit_table[i].seconds;
                return true;
        }
        return false;
}

int yaml_duration(const struct yaml_node *node, int64_t *ret_seconds, struct err *err)
{
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        if (!yaml_read_duration(text, ret_seconds))
                return yaml_refuse(
                    node, err, "\"%.40s\" is no duration: write one such as 30 s, 15 min, 2 h or 1 d", text);
        return 0;
}

bool yaml_read_time_of_day(const char *text, int *ret_seconds)
{
        return zone_parse_time(text, ret_seconds);
}

int yaml_time_of_day(const struct yaml_node *node, int *ret_seconds, struct err *err)
{
        const char *text;
        int r = yaml_text(node, &text, err);

        if (r < 0)
                return r;
        if (!yaml_read_time_of_day(text, ret_seconds))
                return yaml_refuse(node, err, "\"%.40s\" is no time of day: write one such as \"09:15\"",
                                   text);
        return 0;
}

int yaml_need(const struct yaml_node *node, const char *key, const struct yaml_node **ret_value,
              struct err *err)
{
        const struct yaml_node *value;
        int r = yaml_want(node, YAML_KIND_MAPPING, err);

        if (r < 0)
                return r;
        value = yaml_get(node, key);
        if (!value)
                return yaml_refuse(node, err, "%s is missing: add it", key);
        *ret_value = value;
        return 0;
}

int yaml_only_keys(const struct yaml_node *node, const char *const allowed[], struct err *err)
{
        struct buf names;
        int r = yaml_want(node, YAML_KIND_MAPPING, err);

        for (int i = 0; i < node->count && r == 0; i++) {
                size_t known = 0;

                while (allowed[known] && strcmp(allowed[known], node->children[i]->key))
                        known++;
                if (allowed[known])
                        continue;
                buf_init(&names, ERR_TEXT_MAX);
                for (known = 0; allowed[known]; known++)
                        buf_addf(&names, "%s%s", known ? ", " : "", allowed[known]);
                r = yaml_refuse(node->children[i], err, "no such key: use %s", buf_text(&names));
                buf_fini(&names);
        }
        return r;
}
