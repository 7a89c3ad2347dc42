/* document: the descriptions of the interfaces that are part of the program: gateway/schemas/, made into C by
 * schemas/embed. */
#ifndef WEB_DOCUMENT_H
#define WEB_DOCUMENT_H

#include <stddef.h>

struct document {
        const char *name; /* of the file, and what stands behind /v1/ */
        const char *text;
};

extern const struct document document_table[];
extern const size_t document_count;

#endif
