/* envelope: a publication as the CloudEvent and under the topic that the outside sees. Pure. */
#ifndef PUBLISH_ENVELOPE_H
#define PUBLISH_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "store/publication.h"
#include "store/pseudonym.h"

#define ENVELOPE_PREFIX "kapula/v1/"
#define ENVELOPE_STATUS_TOPIC ENVELOPE_PREFIX "status"
#define ENVELOPE_TOPIC_MAX 1024    /* bytes */
#define ENVELOPE_PAYLOAD_MAX 65536 /* bytes */
#define ENVELOPE_CONTENT_TYPE "application/cloudevents+json"

/* "kapula/v1/TENANT/KIND/EVENT"; in each level / + # % and control characters stand as %XX. */
int envelope_topic(const struct publication *publication, struct buf *topic);

/* "kapula/v1/TENANT/seq". */
int envelope_seq_topic(const char *tenant, struct buf *topic);

/* CloudEvents 1.0, structured JSON: one line, the same bytes each time. `id` is TENANT-SEQ. Ids that senders
 * chose are opaque ones of the tenant, whatever stands in them; what is withheld has neither subject nor
 * data. ERR_INVALID when the row's data is no JSON object. */
int envelope_print(const struct publication *publication, struct pseudonyms *pseudonyms, struct buf *payload,
                   struct err *err);

#endif
