/* pseudonym: the opaque id under which a tenant's subscribers see somebody or something.
 *
 * HMAC-SHA256 of the id with a key of the tenant, cut to 128 bits, as 32 hexadecimal digits: the same for
 * the same tenant each time, another one for each tenant, so that two of them cannot put together what they
 * know. The keys come from a secret that is born with the database and leaves it only in a backup. */
#ifndef STORE_PSEUDONYM_H
#define STORE_PSEUDONYM_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct db;

#define PSEUDONYM_SIZE 33 /* bytes with NUL */
#define PSEUDONYM_TENANT_MAX 256
#define PSEUDONYM_KEY_BYTES 32
#define PSEUDONYM_SECRET_MAX 128

/* Keeps the key of the tenant asked for last. One thread's. */
struct pseudonyms {
        char secret[PSEUDONYM_SECRET_MAX]; /* "" until it is loaded */
        char tenant[PSEUDONYM_TENANT_MAX];
        bool has_key;
        uint8_t key[PSEUDONYM_KEY_BYTES];
};

/* Loads the secret, once. ERR_NOT_FOUND when the database has none. */
int pseudonyms_load(struct pseudonyms *pseudonyms, struct db *db, struct err *err);

void pseudonym_print(struct pseudonyms *pseudonyms, const char *tenant, const char *id,
                     char ret_text[static PSEUDONYM_SIZE]);

#endif
