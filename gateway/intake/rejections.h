/* rejections: the rows that an import refused, each with its file and line: the first ones are listed, the
 * others counted. For the person who imports. */
#ifndef INTAKE_REJECTIONS_H
#define INTAKE_REJECTIONS_H

#include "base/err.h"

#include <jansson.h>
#include <stdint.h>

#define REJECTIONS_MAX 10000 /* that are listed */

struct rejection {
        char *file, *path, *error;
        int64_t line; /* 0: of no line */
};

/* Zero it before. */
struct rejections {
        struct rejection *items;
        size_t listed, allocated;
        int64_t count;
};

void rejections_fini(struct rejections *rejections);

/* Notes that the row at PATH (may be "") is refused with what ERR says: 0 when the fault is the row's, and
 * the code of ERR when the import cannot go on (disk, memory). */
int rejections_add(struct rejections *rejections, const char *file, int64_t line, const char *path,
                   const struct err *err);

/* By file and line, as people read. */
void rejections_sort(struct rejections *rejections);

/* [{"file","line","path","error"}]; NULL when memory ran out. */
json_t *rejections_to_json(const struct rejections *rejections);

#endif
