/* topic_map: what a device says on its MQTT topic, as a CloudEvent. Pure.
 *
 * Each part of the event is a constant, or, when it begins with a slash, a JSON pointer into the device's
 * message ("/card/owner"). What a pointer does not find is left out. Without an id the event gets one made
 * from the topic and the message, so that the same message again is a duplicate. */
#ifndef INTAKE_TOPIC_MAP_H
#define INTAKE_TOPIC_MAP_H

#include "base/buf.h"
#include "base/err.h"

#define TOPIC_MAP_FIELD_MAX 24

struct topic_map_field {
        char *name, *value;
};

/* Owned by whoever filled it. */
struct topic_map {
        char *type;                                       /* "attendance.marked" */
        char *source;                                     /* of the CloudEvents */
        char *id, *subject, *time;                        /* NULL: none */
        struct topic_map_field data[TOPIC_MAP_FIELD_MAX]; /* of the event's data */
        int data_count;
};

/* EVENT is filled with a CloudEvent in structured JSON. ERR_INVALID: the message is no JSON object. */
int topic_map_apply(const struct topic_map *map, const char *topic, const char *message, size_t length,
                    struct buf *event, struct err *err);

void topic_map_fini(struct topic_map *map);

#endif
