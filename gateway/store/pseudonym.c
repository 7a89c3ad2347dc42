#include "store/pseudonym.h"
#include "store/db.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

int pseudonyms_load(struct pseudonyms *pseudonyms, struct db *db, struct err *err)
{
        _cleanup_(free_ptr) char *secret = NULL;
        int r;

        if (*pseudonyms->secret)
                return 0;
        r = meta_get(db, "pseudonym_secret", &secret, err);
        if (r < 0)
                return r;
        if (!secret || !*secret || strlen(secret) >= PSEUDONYM_SECRET_MAX)
                return err_set(err, ERR_NOT_FOUND,
                               "meta: pseudonym_secret is missing: restore the database from a backup");
        memcpy(pseudonyms->secret, secret, strlen(secret) + 1);
        pseudonyms->has_key = false;
        return 0;
}

static void sign(const void *key, size_t key_length, const char *text, uint8_t digest[static EVP_MAX_MD_SIZE])
{
        unsigned length = 0;

        HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text, strlen(text), digest, &length);
}

static void choose_tenant(struct pseudonyms *pseudonyms, const char *tenant)
{
        uint8_t digest[EVP_MAX_MD_SIZE] = {0};

        if (pseudonyms->has_key && strcmp(pseudonyms->tenant, tenant) == 0)
                return;
        sign(pseudonyms->secret, strlen(pseudonyms->secret), tenant, digest);
        memcpy(pseudonyms->key, digest, PSEUDONYM_KEY_BYTES);
        pseudonyms->has_key = strlen(tenant) < PSEUDONYM_TENANT_MAX;
        if (pseudonyms->has_key)
                memcpy(pseudonyms->tenant, tenant, strlen(tenant) + 1);
}

void pseudonym_print(struct pseudonyms *pseudonyms, const char *tenant, const char *id,
                     char ret_text[static PSEUDONYM_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        uint8_t digest[EVP_MAX_MD_SIZE] = {0};

        choose_tenant(pseudonyms, tenant);
        sign(pseudonyms->key, PSEUDONYM_KEY_BYTES, id, digest);
        for (int i = 0; i < PSEUDONYM_SIZE - 1; i += 2) {
                ret_text[i] = digits[digest[i / 2] >> 4];
                ret_text[i + 1] = digits[digest[i / 2] & 15];
        }
        ret_text[PSEUDONYM_SIZE - 1] = '\0';
}
