/* marks: what the broker said, gathered until the writer has put it into the rows. One job is under way at a
 * time. For publisher.c alone. */
#ifndef PUBLISH_MARKS_H
#define PUBLISH_MARKS_H

#include "base/err.h"
#include "store/publication.h"

#include <stdbool.h>
#include <stdint.h>

#define MARKS_MAX 1024 /* places */

struct marks;
struct writer;

/* WAKE_FD is an eventfd, written when a job is done. */
int marks_new(struct writer *writer, int wake_fd, struct marks **ret_marks, struct err *err);
/* Waits for the job under way, forgets what is only gathered. Takes NULL, returns NULL. */
struct marks *marks_free(struct marks *marks);

/* REASON is the MQTT reason code: 0x80 and more is a refusal. Acknowledgements of ids that follow one another
 * share a place. There must be room. */
void marks_add(struct marks *marks, int64_t id, int reason);
int marks_room(const struct marks *marks);

/* Hands what has gathered to the writer, unless a job is under way; what the writer refused is tried again.
 */
void marks_flush(struct marks *marks);

/* Whether all marks are in the rows. */
bool marks_idle(struct marks *marks);

#endif
