#include "calendar/link.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(const uint8_t random[static LINK_RANDOM_BYTES], char text[static LINK_TOKEN_MAX])
{
        unsigned bits = 0;
        int have = 0, length = 0;

        for (int i = 0; i < LINK_RANDOM_BYTES; i++) {
                bits = bits << 8 | random[i];
                for (have += 8; have >= 6; have -= 6)
                        text[length++] = alphabet[bits >> (have - 6) & 63];
        }
        text[length++] = alphabet[bits << (6 - have) & 63];
        text[length] = '\0';
}

int link_new(char ret_token[static LINK_TOKEN_MAX], uint8_t ret_hash[static FEED_HASH_BYTES], struct err *err)
{
        uint8_t random[LINK_RANDOM_BYTES];

        if (RAND_bytes(random, sizeof random) != 1)
                return err_set(err, ERR_IO, "calendar: no random numbers: try again");
        encode(random, ret_token);
        return link_hash(ret_token, ret_hash) ? 0
                                              : err_set(err, ERR_IO, "calendar: SHA-256 failed: try again");
}

bool link_hash(const char *token, uint8_t ret_hash[static FEED_HASH_BYTES])
{
        size_t length = strnlen(token, LINK_TOKEN_MAX);

        if (length != LINK_TOKEN_MAX - 1 || strspn(token, alphabet) != length)
                return false;
        return EVP_Digest(token, length, ret_hash, NULL, EVP_sha256(), NULL) == 1;
}

char *link_url(const char *base_url, const char *token)
{
        size_t length = strlen(base_url);
        char *url;

        while (length && base_url[length - 1] == '/')
                length--;
        return asprintf(&url, "%.*s/calendar/%s.ics", (int)length, base_url, token) < 0 ? NULL : url;
}
