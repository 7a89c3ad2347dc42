#include "compose/mustache_tree.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define DELIMITER_MAX 16

static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
static const char blanks[] = " \t\r\n";

struct parser {
        const char *name;       /* in errors */
        const char *begin, *at; /* the source, and what is not read yet */
        int line;               /* of AT */
        char open[DELIMITER_MAX], close[DELIMITER_MAX];
        struct node *stack[TEMPLATE_DEPTH_MAX + 1]; /* the sections that are open; the root first */
        unsigned depth;
        struct err *err;
};

/* One {{tag}}. */
struct tag {
        char sigil; /* 0 for a plain variable */
        int line;
        const char *begin, *end;        /* with its delimiters */
        const char *content;            /* between sigil and closing delimiter, without blanks around it */
        size_t length;                  /* of the content */
        bool is_alone;                  /* nothing else on its line or lines */
        const char *line_begin, *after; /* what of the source it takes when it is alone */
};

static int fail(struct parser *parser, int line, const char *what)
{
        err_set(parser->err, ERR_INVALID, "%s:%d: %s", parser->name, line, what);
        return ERR_INVALID; /* said here, so that the compiler sees that nothing was read */
}

static int fail_nomem(struct parser *parser)
{
        return err_set(parser->err, ERR_NOMEM, "%s: out of memory", parser->name);
}

static void free_nodes(struct node *node)
{
        struct node *next;

        for (; node; node = next) {
                next = node->next;
                free_nodes(node->first);
                free(node->text);
                free(node->indent);
                free(node);
        }
}

struct template *template_free(struct template *template)
{
        if (template)
                free_nodes(atomic_load(&template->root));
        free(template);
        return NULL;
}

static int add_node(struct parser *parser, enum node_kind kind, int line, const char *text, size_t length,
                    struct node **ret_node)
{
        struct node *parent = parser->stack[parser->depth];
        struct node *node = calloc(1, sizeof *node);

        if (!node)
                return fail_nomem(parser);
        node->text = strndup(text, length);
        if (!node->text) {
                free(node);
                return fail_nomem(parser);
        }
        node->kind = kind;
        node->line = line;
        node->length = length;
        if (parent->last)
                parent->last->next = node;
        else
                parent->first = node;
        parent->last = node;
        if (ret_node)
                *ret_node = node;
        return 0;
}

static bool is_line_begin(const struct parser *parser, const char *at)
{
        return at == parser->begin || at[-1] == '\n';
}

/* Literal text, a node a line, so that a partial can be indented line by line. A line that begins with a tag
 * gets an empty one for that. */
static int add_text(struct parser *parser, const char *end, bool tag_follows)
{
        struct node *node;
        const char *newline;
        int r;

        while (parser->at < end || (tag_follows && is_line_begin(parser, end))) {
                size_t left = (size_t)(end - parser->at);
                bool begins_line = is_line_begin(parser, parser->at);

                newline = memchr(parser->at, '\n', left);
                r = add_node(parser, NODE_TEXT, parser->line, parser->at,
                             newline ? (size_t)(newline + 1 - parser->at) : left, &node);
                if (r < 0)
                        return r;
                node->begins_line = begins_line;
                parser->at += node->length;
                if (!newline)
                        break;
                parser->line++;
        }
        return 0;
}

/* Goes on to AT, counting lines. */
static void skip_to(struct parser *parser, const char *at)
{
        for (; parser->at < at; parser->at++)
                parser->line += *parser->at == '\n';
}

static void find_lone_line(const struct parser *parser, struct tag *tag)
{
        const char *at = tag->begin;

        while (at > parser->begin && (at[-1] == ' ' || at[-1] == '\t'))
                at--;
        if (!is_line_begin(parser, at))
                return;
        tag->line_begin = at;
        at = tag->end + strspn(tag->end, " \t");
        if (at[0] == '\r' && at[1] == '\n')
                at++;
        if (*at && *at != '\n')
                return;
        tag->after = *at ? at + 1 : at;
        tag->is_alone = true;
}

/* Reads the tag at the opening delimiter BEGIN. */
static int read_tag(struct parser *parser, const char *begin, struct tag *ret_tag)
{
        const char *content = begin + strlen(parser->open), *end;
        char close[DELIMITER_MAX + 2] = "";
        struct tag tag = {.begin = begin, .line = parser->line};

        for (const char *c = parser->at; c < begin; c++)
                tag.line += *c == '\n';
        if (*content && strchr("#^/>!=&{", *content))
                tag.sigil = *content++;
        else if (*content == '<' || *content == '$')
                return fail(parser, tag.line, "inheritance is not supported: use a partial, {{>name}}");
        if (tag.sigil == '{')
                close[0] = '}';
        else if (tag.sigil == '=')
                close[0] = '=';
        memcpy(close + (close[0] != '\0'), parser->close, strlen(parser->close) + 1);
        end = strstr(content, close);
        if (!end)
                return fail(parser, tag.line, "a tag is not closed: add the closing delimiter");
        tag.end = end + strlen(close);
        content += strspn(content, blanks);
        while (end > content && strchr(blanks, end[-1]))
                end--;
        tag.content = content;
        tag.length = end > content ? (size_t)(end - content) : 0;
        if (tag.sigil && strchr("#^/>!=", tag.sigil))
                find_lone_line(parser, &tag);
        *ret_tag = tag;
        return 0;
}

static bool is_path(const char *text, size_t length)
{
        size_t part = 0;

        if (length == 1 && *text == '.')
                return true;
        for (size_t i = 0; i < length; i++) {
                part++;
                if (text[i] == '.' && part > 1)
                        part = 0;
                else if (!strchr(name_characters, text[i]))
                        return false;
        }
        return part > 0;
}

static bool is_partial_name(const char *text, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (!strchr(name_characters, text[i]))
                        return false;
        return length > 0;
}

static int set_delimiters(struct parser *parser, const struct tag *tag)
{
        size_t open = strcspn(tag->content, blanks), close;
        const char *second;

        if (open > tag->length)
                open = tag->length;
        second = tag->content + open;
        second += strspn(second, blanks);
        close = second < tag->content + tag->length ? tag->length - (size_t)(second - tag->content) : 0;
        if (!open || !close || open >= DELIMITER_MAX || close >= DELIMITER_MAX ||
            memchr(tag->content, '=', tag->length) || strcspn(second, blanks) < close)
                return fail(parser, tag->line, "not two delimiters: write them as in {{=<% %>=}}");
        memcpy(parser->open, tag->content, open);
        parser->open[open] = '\0';
        memcpy(parser->close, second, close);
        parser->close[close] = '\0';
        return 0;
}

static int open_section(struct parser *parser, const struct tag *tag)
{
        enum node_kind kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED;
        struct node *node;
        int r;

        if (parser->depth >= TEMPLATE_DEPTH_MAX)
                return fail(parser, tag->line, "too many sections inside one another: use fewer");
        r = add_node(parser, kind, tag->line, tag->content, tag->length, &node);
        if (r < 0)
                return r;
        parser->stack[++parser->depth] = node;
        return 0;
}

static int close_section(struct parser *parser, const struct tag *tag)
{
        const struct node *section = parser->stack[parser->depth];

        if (parser->depth == 0)
                return err_set(parser->err, ERR_INVALID,
                               "%s:%d: {{/%.*s}} closes no section: remove it or open the section before it",
                               parser->name, tag->line, (int)tag->length, tag->content);
        if (section->length != tag->length || memcmp(section->text, tag->content, tag->length) != 0)
                return err_set(parser->err, ERR_INVALID,
                               "%s:%d: {{/%.*s}} closes the section {{%s}} of line %d: close that one first",
                               parser->name, tag->line, (int)tag->length, tag->content, section->text,
                               section->line);
        parser->depth--;
        return 0;
}

static int add_partial(struct parser *parser, const struct tag *tag)
{
        struct node *node;
        int r;

        if (!is_partial_name(tag->content, tag->length))
                return fail(parser, tag->line, "no name of a partial: use letters, digits, '-' and '_'");
        r = add_node(parser, NODE_PARTIAL, tag->line, tag->content, tag->length, &node);
        if (r < 0)
                return r;
        node->begins_line = tag->is_alone;
        if (!tag->is_alone || tag->line_begin == tag->begin)
                return 0;
        node->indent = strndup(tag->line_begin, (size_t)(tag->begin - tag->line_begin));
        return node->indent ? 0 : fail_nomem(parser);
}

static int add_tag(struct parser *parser, const struct tag *tag)
{
        if (tag->sigil == '!')
                return 0;
        if (tag->length > TEMPLATE_PATH_MAX_BYTES)
                return fail(parser, tag->line, "the name in the tag is too long: shorten it");
        if (tag->sigil == '=')
                return set_delimiters(parser, tag);
        if (tag->sigil == '>')
                return add_partial(parser, tag);
        if (!is_path(tag->content, tag->length))
                return fail(
                    parser, tag->line,
                    "no name of a value in the tag: use letters, digits, '_' and '-', joined by dots");
        if (tag->sigil == '#' || tag->sigil == '^')
                return open_section(parser, tag);
        if (tag->sigil == '/')
                return close_section(parser, tag);
        return add_node(parser, tag->sigil ? NODE_RAW : NODE_VALUE, tag->line, tag->content, tag->length,
                        NULL);
}

static int parse(struct parser *parser)
{
        const char *begin;
        struct tag tag;
        int r;

        while ((begin = strstr(parser->at, parser->open))) {
                r = read_tag(parser, begin, &tag);
                if (r < 0)
                        return r;
                r = add_text(parser, tag.is_alone ? tag.line_begin : begin, !tag.is_alone);
                if (r < 0)
                        return r;
                r = add_tag(parser, &tag);
                if (r < 0)
                        return r;
                skip_to(parser, tag.is_alone ? tag.after : tag.end);
        }
        if (parser->depth) {
                const struct node *section = parser->stack[parser->depth];
                return err_set(parser->err, ERR_INVALID,
                               "%s:%d: the section {{%s}} is not closed: add {{/%s}}", parser->name,
                               section->line, section->text, section->text);
        }
        return add_text(parser, parser->at + strlen(parser->at), false);
}

static int make_tree(const char *text, const char *name, int first_line, struct node **ret_root,
                     struct err *err)
{
        struct parser parser = {.begin = text, .at = text, .line = first_line, .open = "{{", .close = "}}"};
        int r;

        parser.name = name;
        parser.err = err;
        parser.stack[0] = calloc(1, sizeof *parser.stack[0]);
        if (!parser.stack[0])
                return fail_nomem(&parser);
        r = parse(&parser);
        if (r < 0) {
                free_nodes(parser.stack[0]);
                return r;
        }
        *ret_root = parser.stack[0];
        return 0;
}

int template_nodes(const struct template *template, const struct node **ret_nodes, struct err *err)
{
        struct template *kept = (struct template *)template; /* what it says stays the same */
        struct node *root = atomic_load(&kept->root), *none = NULL;
        int r;

        if (!root) {
                r = make_tree(template->text, template->name, template->first_line, &root, err);
                if (r < 0)
                        return r;
                if (!atomic_compare_exchange_strong(&kept->root, &none, root)) {
                        free_nodes(root);
                        root = none; /* another thread was first */
                }
        }
        *ret_nodes = root->first;
        return 0;
}

int template_parse(const char *text, const char *name, int first_line, struct template **ret_template,
                   struct err *err)
{
        size_t length = strlen(text), name_length = strnlen(name, TEMPLATE_NAME_MAX_BYTES - 1);
        struct template *template;
        struct node *root;
        int r;

        if (length > TEMPLATE_MAX_BYTES)
                return err_set(err, ERR_LIMIT, "%.100s: over %d bytes: make the template shorter", name,
                               TEMPLATE_MAX_BYTES);
        template = calloc(1, sizeof *template + name_length + length + 2);
        if (!template)
                return err_set(err, ERR_NOMEM, "%.100s: out of memory", name);
        template->first_line = first_line;
        template->name = (char *)(template + 1);
        template->text = template->name + name_length + 1;
        memcpy(template->name, name, name_length);
        memcpy(template->text, text, length);
        r = make_tree(template->text, template->name, first_line, &root, err);
        if (r < 0) {
                template_free(template);
                return r;
        }
        free_nodes(root); /* was good; made again when it is used */
        *ret_template = template;
        return 0;
}
