/* json_text: reads a text as JSON by jansson, which takes memory that ran out inside a text for a fault of
 * the text. Here the two are told apart: who sent it is never told to mend what was right, and nothing is
 * read that was not sent. */
#ifndef COMPOSE_JSON_TEXT_H
#define COMPOSE_JSON_TEXT_H

#include "base/err.h"

#include <jansson.h>

/* FLAGS: jansson's. ERR_NOMEM, then the code of *ret_error says it too;
 * ERR_INVALID with *ret_error. */
int json_text_read(const char *data, size_t length, size_t flags, json_t **ret_json, json_error_t *ret_error);

#endif
