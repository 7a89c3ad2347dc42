#include "compose/mustache_tree.h"

#include <stdio.h>
#include <string.h>

/* A value that sections have pushed, the innermost first. */
struct frame {
        const struct value *value;
        bool is_item, is_first, is_last; /* of a list that a section walks */
        const struct frame *up;
};

/* The indentation of the partials that stand alone on their lines, the innermost first. */
struct indent {
        const char *text;
        const struct indent *up;
};

struct run {
        const struct template_render *render;
        struct buf *buf;
        struct err *err;
        unsigned steps, depth;
};

/* Where printing is. */
struct place {
        const struct template *template;
        const struct frame *frame;
        const struct indent *indent;
};

/* A value that a path names; what a property made has its text in SCRATCH. */
struct found {
        struct value value;
        struct buf scratch;
};

static void found_fini(struct found *found)
{
        buf_fini(&found->scratch);
}

static int fail(const struct run *run, const struct place *place, const struct node *node, int code,
                const char *what)
{
        return err_set(run->err, code, "%s:%d: %s %s", place->template->name, node->line,
                       node->kind == NODE_TEXT ? "the text" : node->text, what);
}

/* What -first and -last mean. */
static int find_place_in_list(const struct frame *frame, const char *name, struct value *ret_value)
{
        while (frame && !frame->is_item)
                frame = frame->up;
        if (!frame || (strcmp(name, "-first") != 0 && strcmp(name, "-last") != 0))
                return ERR_NOT_FOUND;
        *ret_value =
            (struct value){.kind = VALUE_BOOL, .boolean = name[1] == 'f' ? frame->is_first : frame->is_last};
        return 0;
}

/* The rest of a dotted name, strictly inside what its first part named. */
static int find_rest(const struct run *run, const char *path, struct found *found)
{
        const char *dot;
        int r;

        for (; path; path = *dot ? dot + 1 : NULL) {
                const struct value *child;
                size_t length;

                dot = strchrnul(path, '.');
                length = (size_t)(dot - path);
                if (found->value.kind == VALUE_MAP) {
                        child = value_get(&found->value, path, length);
                        if (!child)
                                return ERR_NOT_FOUND;
                        found->value = *child;
                        continue;
                }
                r = locale_property(run->render->locale, &found->value, path, length, &found->value,
                                    &found->scratch);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* *ret_found must be given to found_fini whatever the answer. */
static int find(const struct run *run, const struct frame *frame, const char *path, struct found *ret_found)
{
        const struct value *value = NULL;
        const char *dot = strchrnul(path, '.');

        buf_init(&ret_found->scratch, LOCALE_TEXT_MAX_BYTES);
        if (strcmp(path, ".") == 0) {
                ret_found->value = *frame->value;
                return 0;
        }
        if (*path == '-')
                return find_place_in_list(frame, path, &ret_found->value);
        for (; frame && !value; frame = frame->up)
                value = value_get(frame->value, path, (size_t)(dot - path));
        if (!value)
                return ERR_NOT_FOUND;
        ret_found->value = *value;
        return find_rest(run, *dot ? dot + 1 : NULL, ret_found);
}

static bool is_true(const struct value *value)
{
        switch (value->kind) {
        case VALUE_NULL:
                return false;
        case VALUE_BOOL:
                return value->boolean;
        case VALUE_TEXT:
                return *value->text != '\0';
        case VALUE_LIST:
                return value->first != NULL;
        default:
                return true;
        }
}

static int print_nodes(struct run *run, const struct place *place, const struct node *node);

static void add_indent(struct run *run, const struct indent *indent)
{
        if (!indent)
                return;
        add_indent(run, indent->up);
        buf_adds(run->buf, indent->text);
}

static int print_text(struct run *run, const struct place *place, const struct node *node)
{
        if (node->begins_line)
                add_indent(run, place->indent);
        return buf_add(run->buf, node->text, node->length);
}

static bool is_moment(const struct value *value)
{
        return value->kind == VALUE_DATE || value->kind == VALUE_TIME || value->kind == VALUE_CLOCK;
}

/* A day or a time of a page stays on one line: "23. marraskuuta 2026" must not end one with "23.". */
static int add_unbroken(struct buf *buf, const char *text)
{
        int r = 0;

        while (*text && r == 0) {
                size_t length = strcspn(text, " ");
                char piece[LOCALE_TEXT_MAX_BYTES];

                snprintf(piece, sizeof piece, "%.*s", (int)length, text);
                r = escape_add(buf, piece, ESCAPE_HTML);
                text += length;
                if (r == 0 && *text == ' ') {
                        r = buf_adds(buf, "\u00a0");
                        text++;
                }
        }
        return r;
}

/* IS_MADE: the locale wrote it, of a day or a time. */
static int print_found(struct run *run, const struct place *place, const struct node *node,
                       const struct value *value, bool is_made)
{
        enum compose_escape escape = run->render->escape;
        struct buf text;
        int r;

        if (node->kind == NODE_RAW && escape == ESCAPE_HTML)
                escape = ESCAPE_PLAIN;
        if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
                return fail(run, place, node, ERR_INVALID,
                            "is a list or a group of values: use it as a section");
        if (value->kind == VALUE_NULL ||
            (run->render->escape == ESCAPE_PLAIN && !is_true(value) && value->kind == VALUE_TEXT))
                return fail(run, place, node, ERR_INVALID,
                            "has no value: give it one, or put it in a section of its own");
        if (value->kind == VALUE_TEXT && is_made && escape == ESCAPE_HTML)
                return add_unbroken(run->buf, value->text);
        if (value->kind == VALUE_TEXT)
                return escape_add(run->buf, value->text, escape);
        buf_init(&text, LOCALE_TEXT_MAX_BYTES);
        r = locale_print(run->render->locale, value, &text);
        if (r == 0 && run->render->escape == ESCAPE_HTML && is_moment(value))
                r = add_unbroken(run->buf, buf_text(&text));
        else if (r == 0)
                r = escape_add(run->buf, buf_text(&text), escape);
        else
                r = fail(run, place, node, r, "cannot be printed in this language: use another form");
        buf_fini(&text);
        return r;
}

static int print_value(struct run *run, const struct place *place, const struct node *node)
{
        struct found found;
        int r = find(run, place->frame, node->text, &found);

        if (r == 0)
                r = print_found(run, place, node, &found.value, *buf_text(&found.scratch));
        else if (r == ERR_NOT_FOUND)
                r = fail(run, place, node, ERR_INVALID,
                         "is missing: give it a value, or put it in a section of its own");
        found_fini(&found);
        return r;
}

static int print_inside(struct run *run, const struct place *place, const struct node *node,
                        const struct frame *frame)
{
        struct place inside = {place->template, frame, place->indent};

        return print_nodes(run, &inside, node->first);
}

static int print_list(struct run *run, const struct place *place, const struct node *node,
                      const struct value *list)
{
        const struct value *item;
        int r = 0;

        for (item = list->first; item && r == 0; item = item->next) {
                struct frame frame = {item, true, item == list->first, !item->next, place->frame};
                r = print_inside(run, place, node, &frame);
        }
        return r;
}

static int print_section(struct run *run, const struct place *place, const struct node *node)
{
        struct found found;
        int r = find(run, place->frame, node->text, &found);
        bool is_there = r == 0 && is_true(&found.value);

        if (r == ERR_NOT_FOUND)
                r = 0;
        if (r == 0 && node->kind == NODE_INVERTED) {
                if (!is_there)
                        r = print_inside(run, place, node, place->frame);
        } else if (is_there && found.value.kind == VALUE_LIST) {
                r = print_list(run, place, node, &found.value);
        } else if (is_there) {
                struct frame frame = {.value = &found.value, .up = place->frame};
                r = print_inside(run, place, node, &frame);
        }
        found_fini(&found);
        return r;
}

static int print_partial(struct run *run, const struct place *place, const struct node *node)
{
        const struct template_render *render = run->render;
        const struct template *partial =
            render->partial ? render->partial(render->userdata, node->text) : NULL;
        struct indent indent = {node->indent, place->indent};
        struct place inside = {partial, place->frame, NULL};
        const struct node *nodes;
        int r;

        if (!partial)
                return fail(run, place, node, ERR_INVALID, "is no partial: add it to the partials");
        /* One that stands within a line goes on that line as it is. */
        if (node->indent)
                inside.indent = &indent;
        else if (node->begins_line)
                inside.indent = place->indent;
        r = template_nodes(partial, &nodes, run->err);
        return r < 0 ? r : print_nodes(run, &inside, nodes);
}

static int print_node(struct run *run, const struct place *place, const struct node *node)
{
        switch (node->kind) {
        case NODE_TEXT:
                return print_text(run, place, node);
        case NODE_VALUE:
        case NODE_RAW:
                return print_value(run, place, node);
        case NODE_SECTION:
        case NODE_INVERTED:
                return print_section(run, place, node);
        case NODE_PARTIAL:
                return print_partial(run, place, node);
        }
        return 0;
}

static int print_nodes(struct run *run, const struct place *place, const struct node *node)
{
        int r = 0;

        if (run->depth >= TEMPLATE_DEPTH_MAX)
                return node ? fail(run, place, node, ERR_LIMIT, "is too deep: a partial may be inside itself")
                            : 0;
        run->depth++;
        for (; node && r == 0; node = node->next) {
                if (++run->steps > TEMPLATE_STEPS_MAX)
                        r = fail(run, place, node, ERR_LIMIT, "is repeated too often: print shorter lists");
                else
                        r = print_node(run, place, node);
        }
        run->depth--;
        return r;
}

int template_line_of(const struct template *template, const char *piece)
{
        const char *at = strstr(template->text, piece);
        int line = template->first_line;

        for (const char *c = template->text; at && c < at; c++)
                line += *c == '\n';
        return at ? line : 0;
}

const char *template_name(const struct template *template)
{
        return template->name;
}

const char *template_source(const struct template *template)
{
        return template->text;
}

int template_render(const struct template *template, const struct template_render *render, struct buf *buf,
                    struct err *err)
{
        struct run run = {.render = render, .buf = buf, .err = err};
        struct frame frame = {.value = render->values};
        struct place place = {template, &frame, NULL};
        const struct node *nodes;
        size_t start = buf->length;
        int r = buf_error(buf);

        if (r == 0)
                r = template_nodes(template, &nodes, err);
        if (r == 0)
                r = print_nodes(&run, &place, nodes);
        if (r == 0)
                return 0;
        if (buf_error(buf))
                err_set(err, r, "%s: %s", template->name,
                        r == ERR_NOMEM ? "out of memory" : "the text would be too long: print less");
        buf_cut(buf, start);
        return r;
}

struct listing {
        template_partial_fn partial;
        void *userdata;
        int (*tell)(const struct template_use *use, void *told);
        void *told;
        const struct template *stack[TEMPLATE_DEPTH_MAX]; /* the templates being listed */
        unsigned depth;
};

static int list_template(struct listing *listing, const struct template *template,
                         const struct template_use *within);

static int list_nodes(struct listing *listing, const struct template *template, const struct node *node,
                      const struct template_use *within)
{
        static const enum template_use_kind kinds[] = {[NODE_VALUE] = TEMPLATE_USE_VALUE,
                                                       [NODE_RAW] = TEMPLATE_USE_VALUE,
                                                       [NODE_SECTION] = TEMPLATE_USE_SECTION,
                                                       [NODE_INVERTED] = TEMPLATE_USE_INVERTED,
                                                       [NODE_PARTIAL] = TEMPLATE_USE_PARTIAL};
        int r = 0;

        for (; node && r == 0; node = node->next) {
                struct template_use use = {.path = node->text,
                                           .template_name = template->name,
                                           .line = node->line,
                                           .within = within};

                if (node->kind == NODE_TEXT)
                        continue;
                use.kind = kinds[node->kind];
                r = listing->tell(&use, listing->told);
                if (r == 0 && node->kind == NODE_PARTIAL && listing->partial)
                        r = list_template(listing, listing->partial(listing->userdata, node->text), within);
                else if (r == 0)
                        r = list_nodes(listing, template, node->first, &use);
        }
        return r;
}

static int list_template(struct listing *listing, const struct template *template,
                         const struct template_use *within)
{
        const struct node *nodes;
        int r;

        if (!template || listing->depth >= TEMPLATE_DEPTH_MAX)
                return 0;
        for (unsigned i = 0; i < listing->depth; i++)
                if (listing->stack[i] == template)
                        return 0;
        r = template_nodes(template, &nodes, NULL);
        if (r < 0)
                return r;
        listing->stack[listing->depth++] = template;
        r = list_nodes(listing, template, nodes, within);
        listing->depth--;
        return r;
}

int template_variables(const struct template *template, template_partial_fn partial, void *userdata,
                       int (*tell)(const struct template_use *use, void *told), void *told)
{
        struct listing listing = {.partial = partial, .userdata = userdata, .tell = tell, .told = told};

        return list_template(&listing, template, NULL);
}
