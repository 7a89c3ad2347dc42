/* cloudevent: one structured CloudEvent 1.0 in JSON, checked against the specification. Knows no type of
 * ours. */
#ifndef INTAKE_CLOUDEVENT_H
#define INTAKE_CLOUDEVENT_H

#include "base/err.h"

#include <jansson.h>

#define CLOUDEVENT_PREFIX "kapula." /* of our types */

/* Texts and data are borrowed from the JSON. */
struct cloudevent {
        const char *id, *source;
        const char *type;    /* without CLOUDEVENT_PREFIX */
        const char *subject; /* NULL: none */
        const char *time;    /* NULL: none */
        const json_t *data;  /* an object, or NULL */
};

/* ERR_INVALID when OBJECT is no CloudEvent, or none of ours. */
int cloudevent_read(const json_t *object, struct cloudevent *ret_event, struct err *err);

#endif
