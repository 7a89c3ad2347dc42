/* openid: signing in by somebody else's word: OpenID Connect, the authorization code flow with PKCE (RFC
 * 7636, S256), state and nonce. One thread talks with the provider; it keeps the discovery document and the
 * keys. Knows no page, no row and no person: begin gives the address that the browser goes to, finish the
 * claim that says who has come back.
 *
 * Whoever calls keeps the state for a short while and gives the secret to the browser as a cookie. The
 * verifier and the nonce are made of both, so that neither a copy of the database nor an address that was
 * seen is enough to finish what somebody else began. */
#ifndef DESK_OPENID_H
#define DESK_OPENID_H

#include "base/clock.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define OPENID_SECRET_SIZE 44 /* 32 random bytes as base64url, with the NUL */
#define OPENID_URL_MAX 4096   /* bytes of an address that is made or read */
#define OPENID_CODE_MAX 4096  /* bytes of a code */
#define OPENID_VALUE_MAX 321  /* bytes of the claim, with the NUL: as long as an e-mail address may be */
#define OPENID_QUEUE_MAX 64   /* people who wait for the provider at once */
#define OPENID_WAIT_MAX_MS 15000
#define OPENID_ANSWER_MAX_BYTES ((size_t)256 << 10)
#define OPENID_CONNECT_MS 5000
#define OPENID_TIMEOUT_MS 10000
#define OPENID_LIFE_S 86400    /* of the discovery document and the keys */
#define OPENID_KEYS_PAUSE_S 60 /* between two looks for a key that is not known */
#define OPENID_FAULT_PAUSE_S 5 /* in which a provider that did not answer is not asked again */

struct openid_options {
        const char *issuer, *client_id;
        const char *client_secret; /* NULL: a public client */
        const char *scopes;
        const char *prompt;   /* what the provider is to ask though it knows who is there; NULL: nothing */
        const char *claim;    /* that is given back */
        const char *verified; /* claim that must be true; NULL: none is asked for */
        const char *ca_file;  /* NULL: the system's certificates */
};

struct openid;

/* For as long as DONE has not been called the job is openid's. */
struct openid_job {
        enum openid_step { OPENID_BEGIN, OPENID_FINISH } step;
        char state[OPENID_SECRET_SIZE], secret[OPENID_SECRET_SIZE];
        char redirect_uri[OPENID_URL_MAX];
        char language[8];            /* of the reader, to begin; "": none */
        char issuer[OPENID_URL_MAX]; /* `iss` of the answer, to finish (RFC 9207); "": none */
        char code[OPENID_CODE_MAX];  /* to finish */

        char url[OPENID_URL_MAX];     /* begun: where the browser goes */
        char value[OPENID_VALUE_MAX]; /* finished: what the claim says */

        /* On openid's thread, or that of openid_stop. RESULT: 0; OPENID_UNVERIFIED; ERR_BUSY when too many
         * wait, ERR_IO when the provider does not answer, ERR_INVALID when its answer is refused, ERR_NOMEM.
         * No text holds anything of a person. */
        void (*done)(struct openid_job *job, int result, const struct err *err);

        struct openid_job *next; /* openid's */
        int64_t submitted_ms;
};

enum { OPENID_UNVERIFIED = 1 }; /* the claim is not there, or nobody has verified it */

/* Whether an issuer or one of its addresses may be used: https, or http on loopback; nobody's name in it, no
 * fragment. */
bool openid_url_is_good(const char *url);

/* State and secret of one signing in; ERR_IO when there is no randomness. */
int openid_draw(char ret_secret[static OPENID_SECRET_SIZE], struct err *err);
bool openid_is_secret(const char *text);

/* OPTIONS and CLOCK are borrowed until openid_close. Asks the provider nothing yet. */
int openid_open(const struct openid_options *options, const struct clock *clock, struct openid **ret_openid,
                struct err *err);

/* ERR_BUSY when OPENID_QUEUE_MAX wait or it stops; DONE is not called then. */
int openid_submit(struct openid *openid, struct openid_job *job);

/* Ends what is under way, answers all that wait with ERR_BUSY and ends the thread; what is submitted from
 * then on is refused. Takes NULL. */
void openid_stop(struct openid *openid);

/* Takes NULL, returns NULL. */
struct openid *openid_close(struct openid *openid);

/* Asks the provider for its document and keys, at once and on this thread: ERR_IO, ERR_INVALID. */
int openid_probe(const struct openid_options *options, struct err *err);

#endif
