/* mustache_tree: the parsed form, shared by the reader (mustache_parse.c) and the printer (mustache.c). */
#ifndef COMPOSE_MUSTACHE_TREE_H
#define COMPOSE_MUSTACHE_TREE_H

#include "compose/mustache.h"

enum node_kind { NODE_TEXT, NODE_VALUE, NODE_RAW, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };

struct node {
        enum node_kind kind;
        bool begins_line; /* a partial's indentation goes before it; a partial: it is alone on its line */
        int line;
        size_t length; /* of text */
        char *text;    /* literal text; or the path or the partial's name */
        char *indent;  /* of a partial alone on its line, else NULL */
        struct node *first, *last, *next;
};

/* Most templates of a catalogue are never printed, and a tree takes several times the room of its text: it is
 * made at the first use, by whichever thread comes first, and stays. */
struct template
{
        _Atomic(struct node *) root; /* NULL: not made yet; its children are the template */
        int first_line;
        char *name, *text; /* allocated with it */
};

/* The children of the root. Of a template that was parsed before it fails for want of memory alone. */
int template_nodes(const struct template *template, const struct node **ret_nodes, struct err *err);

#endif
