/* form: what a page's form sends, application/x-www-form-urlencoded: names and values, UTF-8 without control
 * characters but line ends. */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORM_BODY_MAX 16384 /* bytes */
#define FORM_FIELDS_MAX 64

struct form {
        char *bytes; /* decoded; names and values lie in it */
        const char *names[FORM_FIELDS_MAX], *values[FORM_FIELDS_MAX];
        int count;
};

/* ERR_INVALID when BODY is no form, ERR_LIMIT when it is too long, ERR_NOMEM. Free with form_fini. */
int form_read(const char *body, size_t length, struct form *ret_form, struct err *err);
void form_fini(struct form *form);

/* The first value of that name; "" when there is none. */
const char *form_value(const struct form *form, const char *name);
/* A whole number, else -1. */
int64_t form_number(const struct form *form, const char *name);

/* Whether TEXT, that came some other way, is UTF-8 without control characters. */
bool form_is_text(const char *text);

#endif
