/* oneroster_index: what an import of an export must remember of its organisations, classes and users from one
 * file to the next: little for each, in memory, found by id. */
#ifndef INTAKE_ONEROSTER_INDEX_H
#define INTAKE_ONEROSTER_INDEX_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INDEX_MAX 2000000 /* entries of one index */

/* Flags of users. */
#define USER_PUPIL 1
#define USER_STAFF 2
#define USER_ADULT 4    /* guardian or parent */
#define USER_RELATIVE 8 /* neither, but to be called in an emergency */
#define USER_IN_GROUP 16
#define USER_REFUSED 32 /* the row has a fault */

struct index_entry {
        char *id;
        char *name, *parent; /* organisations: NULL parent at the top; classes: parent is the school */
        int line;            /* organisations and classes: where the row stands */
        uint8_t kind;        /* organisations: enum index_kind */
        uint8_t flags;       /* users */
        int8_t grade;        /* users: 0 none */
        bool is_homeroom;    /* classes, and schools that have one */
        bool is_told;        /* written already */
};

enum index_kind { INDEX_SKIPPED, INDEX_NETWORK, INDEX_MUNICIPALITY, INDEX_SCHOOL };

struct index {
        struct index_entry *items;
        size_t count, allocated;
        bool is_sorted;
};

void index_fini(struct index *index);

/* The new entry; texts are copied, NAME and PARENT may be NULL. Not to be kept over the next index_add. */
int index_add(struct index *index, const char *id, const char *name, const char *parent,
              struct index_entry **ret_entry, struct err *err);

/* NULL when there is none. */
struct index_entry *index_find(struct index *index, const char *id);

#endif
