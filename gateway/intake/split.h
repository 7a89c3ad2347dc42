/* split: takes a JSON object or array apart into the texts of its members, without building it, so that each
 * member can be read (and refused) alone and its line is known. It looks at brackets and strings only:
 * whether a member is JSON, its reader says. */
#ifndef INTAKE_SPLIT_H
#define INTAKE_SPLIT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text that was given. LINE counts from 1. */
struct span {
        const char *data;
        size_t length;
        int line;
};

struct split {
        const char *at, *end;
        int line;
        char bracket; /* '{' or '[' */
        bool is_first;
};

/* The whole text; a byte order mark at its start is passed over. */
struct span span_of(const char *data, size_t length);

/* '{' or '[' when the text begins so, else the character that stands there, 0 at its end. */
char split_kind(struct span span);

/* ERR_INVALID when SPAN is no object ('{') or array ('['). */
int split_init(struct split *split, struct span span, char bracket, struct err *err);

/* 1: the next member (ret_key only for objects, with its quotes); 0: the end, after which nothing but white
 * space follows; ERR_INVALID: the brackets do not match or the text is cut. */
int split_next(struct split *split, struct span *ret_key, struct span *ret_value, struct err *err);

#endif
