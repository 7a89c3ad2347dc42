/* provider_peer: a small HTTP provider on loopback, in a thread of its own, that behaves as badly as it is
 * told. It counts requests and remembers the idempotency key of each that it read whole. */
#ifndef TESTS_LIB_PROVIDER_PEER_H
#define TESTS_LIB_PROVIDER_PEER_H

#include <stddef.h>

enum peer_behaviour {
        PEER_ACCEPT,       /* 201 {"id":"p-N"} */
        PEER_REJECT,       /* 400 {"error":"bad-number"} */
        PEER_BUSY,         /* 429 with Retry-After: 7 */
        PEER_ERROR,        /* 500 */
        PEER_GARBAGE,      /* 201 and a body that is no JSON */
        PEER_HUGE,         /* 201 and a body of 1 MB */
        PEER_CLOSE_BEFORE, /* closes without reading */
        PEER_CLOSE_AFTER,  /* reads the request and closes */
        PEER_SILENT,       /* reads the request and never answers */
};

#define PEER_REQUEST_MAX 4096 /* requests that it remembers */
#define PEER_KEY_MAX 80
#define PEER_TEXT_MAX 2048

struct peer;

struct peer *peer_start(void);             /* aborts the test when it cannot */
struct peer *peer_stop(struct peer *peer); /* takes NULL, returns NULL */

int peer_port(const struct peer *peer);
void peer_behave(struct peer *peer, enum peer_behaviour behaviour);

int peer_connections(struct peer *peer); /* taken */
int peer_requests(struct peer *peer);    /* read whole */
/* How many requests carried this idempotency key. */
int peer_requests_with(struct peer *peer, const char *key);
/* The last request as it came, headers and body; to be read while nothing is sent. */
const char *peer_last(struct peer *peer);

#endif
