/* json_pointer: RFC 6901 pointers ("/data/0/id") into parsed JSON, for what provider files say of answers and
 * webhooks. */
#ifndef DELIVER_JSON_POINTER_H
#define DELIVER_JSON_POINTER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_POINTER_PART_MAX 128 /* bytes of one part */

bool json_pointer_valid(const char *pointer);

/* The value, borrowed from ROOT; NULL when there is none. */
const json_t *json_pointer_at(const json_t *root, const char *pointer);

/* A text, number, true or false there as text; false when there is none of these or SIZE does not hold it. */
bool json_pointer_text(const json_t *root, const char *pointer, char *ret_text, size_t size);

#endif
