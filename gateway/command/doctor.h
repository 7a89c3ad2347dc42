/* doctor: what kapula doctor has found, one line a finding. For doctor*.c alone. */
#ifndef COMMAND_DOCTOR_H
#define COMMAND_DOCTOR_H

#include "command/config.h"

#include <jansson.h>

struct db;

/* Ill: something is wrong now. Advice: look at it some time. */
enum finding { FINDING_WELL, FINDING_ADVICE, FINDING_ILL };

struct doctor {
        json_t *findings; /* NULL: prints lines */
        bool is_ill;
};

void doctor_tell(struct doctor *doctor, enum finding finding, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Each provider of the configuration: whether it works, when it last took a message, how it last failed. */
int doctor_providers(struct doctor *doctor, struct db *db, const struct config *config, int64_t now_utc,
                     struct err *err);

#endif
