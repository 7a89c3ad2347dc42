/* Whether a webhook's request is from whom it says: the key `signature` of a provider's file. */
#include "base/buf.h"
#include "compose/json_text.h"
#include "deliver/json_pointer.h"
#include "deliver/provider_p.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BASIC_MAX_BYTES 1024
#define GIVEN_MAX_BYTES 512 /* of a signature or token that stands in the body */
#define KEY_MAX_BYTES 512   /* of a public key */
#define SIGNED_MAX_BYTES (WEBHOOK_BODY_MAX_BYTES + 16384)

/* What is looked at while one request is checked. */
struct check {
        const struct provider *provider;
        const struct signature *signature;
        const struct webhook_request *request;
        enum webhook_kind kind;
        json_t *json; /* of the body; NULL: it is none, or not asked for */
        char given[GIVEN_MAX_BYTES], time[64];
};

/* In a time that does not tell how much was right. */
static bool same(const char *a, const char *b)
{
        size_t length = strlen(a);

        return length == strlen(b) && CRYPTO_memcmp(a, b, length) == 0;
}

static const char *header_of(const struct check *check, const char *name)
{
        return check->request->header(check->request->context, name);
}

static bool check_basic(const struct check *check)
{
        const char *given = header_of(check, "Authorization");
        unsigned char encoded[BASIC_MAX_BYTES * 4 / 3 + 5];
        char plain[BASIC_MAX_BYTES];
        int length =
            snprintf(plain, sizeof plain, "%s:%s", check->signature->user, check->signature->password);

        if (!given || strncasecmp(given, "Basic ", 6) != 0 || length < 0 || (size_t)length >= sizeof plain)
                return false;
        EVP_EncodeBlock(encoded, (const unsigned char *)plain, length);
        return same(given + 6, (const char *)encoded);
}

/* The signature or token as it came, without its prefix; NULL when it is not there. */
static const char *find_given(struct check *check)
{
        const struct signature *signature = check->signature;
        const char *given = NULL;
        size_t prefix = signature->prefix ? strlen(signature->prefix) : 0;

        if (signature->header)
                given = header_of(check, signature->header);
        else if (signature->query && check->request->query)
                given = check->request->query(check->request->context, signature->query);
        else if (signature->field &&
                 json_pointer_text(check->json, signature->field, check->given, sizeof check->given))
                given = check->given;
        if (!given || strlen(given) < prefix || (prefix && memcmp(given, signature->prefix, prefix) != 0))
                return NULL;
        return given + prefix;
}

/* The timestamp's text when there is one that is near enough; NULL otherwise. */
static const char *find_time(struct check *check)
{
        const char *place = check->signature->timestamp, *text = NULL;
        int64_t at, now = check->request->now_utc, tolerance = check->signature->tolerance;

        if (*place != '/')
                text = header_of(check, place);
        else if (json_pointer_text(check->json, place, check->time, sizeof check->time))
                text = check->time;
        if (!text || !yaml_read_int(text, &at))
                return NULL;
        return at >= now - tolerance && at <= now + tolerance ? text : NULL;
}

/* The address that the provider was given, which is what it signs: not the one this process listens at. */
static void add_url(const struct check *check, struct buf *buf)
{
        const struct webhook *webhook =
            check->kind == WEBHOOK_RECEIPTS ? &check->provider->receipts : &check->provider->replies;
        const char *value, *name = webhook->reference_query;

        buf_addf(buf, "%s/v1/%s/%s", check->provider->public_url ? check->provider->public_url : "",
                 check->kind == WEBHOOK_RECEIPTS ? "receipts" : "replies", check->provider->name);
        value = name && check->request->query ? check->request->query(check->request->context, name) : NULL;
        if (value)
                buf_addf(buf, "?%s=%s", name, value);
}

static int by_name(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names and values of the form, sorted by name. */
static bool add_parameters(const struct check *check, struct buf *buf)
{
        json_t *form = form_parse(check->request->body, check->request->length), *value;
        const char **names, *name;
        size_t count = 0;

        names = form ? malloc((json_object_size(form) + 1) * sizeof *names) : NULL;
        if (!names) {
                json_decref(form);
                return false;
        }
        json_object_foreach(form, name, value)
        {
                names[count++] = name;
        }
        qsort(names, count, sizeof *names, by_name);
        for (size_t i = 0; i < count; i++) {
                buf_adds(buf, names[i]);
                buf_adds(buf, json_string_value(json_object_get(form, names[i])));
        }
        free(names);
        json_decref(form);
        return true;
}

static bool add_field(const struct check *check, const char *pointer, struct buf *buf)
{
        char text[GIVEN_MAX_BYTES];

        if (!json_pointer_text(check->json, pointer, text, sizeof text))
                return false;
        buf_adds(buf, text);
        return true;
}

static bool add_part(struct check *check, int part, const char *time, struct buf *buf)
{
        switch (check->signature->parts[part]) {
        case SIGNED_BODY:
                buf_add(buf, check->request->body, check->request->length);
                return true;
        case SIGNED_URL:
                add_url(check, buf);
                return true;
        case SIGNED_PARAMETERS:
                return add_parameters(check, buf);
        case SIGNED_TIMESTAMP:
                buf_adds(buf, time ? time : "");
                return time != NULL;
        case SIGNED_DOT:
                buf_addc(buf, '.');
                return true;
        case SIGNED_FIELD:
                return add_field(check, check->signature->fields[part], buf);
        case SIGNED_END:
                break;
        }
        return false;
}

/* What the provider says that it signed. */
static bool collect(struct check *check, struct buf *buf)
{
        const char *time = check->signature->timestamp ? find_time(check) : NULL;

        if (check->signature->timestamp && !time)
                return false;
        for (int part = 0; check->signature->parts[part] != SIGNED_END; part++)
                if (!add_part(check, part, time, buf))
                        return false;
        return buf_error(buf) == 0;
}

static bool check_hmac(struct check *check, const char *given, const struct buf *text)
{
        const struct signature *signature = check->signature;
        const EVP_MD *digest = signature->kind == SIGNATURE_HMAC_SHA256 ? EVP_sha256() : EVP_sha1();
        char right[EVP_MAX_MD_SIZE * 2 + 1] = "", lower[EVP_MAX_MD_SIZE * 2 + 1];
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned int size = 0;

        if (strlen(given) >= sizeof lower ||
            !HMAC(digest, signature->secret, (int)strlen(signature->secret),
                  (const unsigned char *)buf_text(text), text->length, bytes, &size))
                return false;
        if (signature->is_base64)
                EVP_EncodeBlock((unsigned char *)right, bytes, (int)size);
        for (unsigned int i = 0; i < size && !signature->is_base64; i++)
                snprintf(right + 2 * i, 3, "%02x", bytes[i]);
        for (size_t i = 0; i <= strlen(given); i++)
                lower[i] = !signature->is_base64 && given[i] >= 'A' && given[i] <= 'F' ? (char)(given[i] + 32)
                                                                                       : given[i];
        return size > 0 && same(lower, right);
}

/* Bytes of base64 text, -1 when it is none. */
static int decode(const char *text, unsigned char *bytes, size_t size)
{
        size_t length = strlen(text), padding = 0;
        int count;

        if (!length || length % 4 || length / 4 * 3 > size)
                return -1;
        while (padding < 2 && text[length - 1 - padding] == '=')
                padding++;
        count = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
        return count < 0 ? -1 : count - (int)padding;
}

static EVP_PKEY *read_key(const char *text)
{
        unsigned char der[KEY_MAX_BYTES];
        const unsigned char *at = der;
        int length = decode(text, der, sizeof der);

        return length < 0 ? NULL : d2i_PUBKEY(NULL, &at, length);
}

static bool check_ecdsa(struct check *check, const char *given, const struct buf *text)
{
        unsigned char signature[GIVEN_MAX_BYTES];
        int length = decode(given, signature, sizeof signature);
        EVP_PKEY *key = read_key(check->signature->secret);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        bool good = false;

        if (key && context && length > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1)
                good = EVP_DigestVerify(context, signature, (size_t)length,
                                        (const unsigned char *)buf_text(text), text->length) == 1;
        EVP_MD_CTX_free(context);
        EVP_PKEY_free(key);
        return good;
}

static bool check_signed(struct check *check)
{
        const char *given = find_given(check);
        struct buf text;
        bool good = false;

        buf_init(&text, SIGNED_MAX_BYTES);
        if (given && collect(check, &text))
                good = check->signature->kind == SIGNATURE_ECDSA ? check_ecdsa(check, given, &text)
                                                                 : check_hmac(check, given, &text);
        buf_fini(&text);
        return good;
}

static bool looks_into_body(const struct signature *signature)
{
        bool looks = signature->field || (signature->timestamp && *signature->timestamp == '/');

        for (int part = 0; signature->parts[part] != SIGNED_END; part++)
                looks = looks || signature->parts[part] == SIGNED_FIELD;
        return looks;
}

bool signature_fits(const struct provider *provider, enum webhook_kind kind,
                    const struct signature *signature, const struct webhook_request *request)
{
        struct check check = {.provider = provider, .signature = signature, .request = request, .kind = kind};
        json_error_t error;
        const char *given;
        bool good = false;

        if (looks_into_body(signature))
                json_text_read(request->body, request->length, 0, &check.json, &error);
        switch (signature->kind) {
        case SIGNATURE_NONE:
                good = true;
                break;
        case SIGNATURE_BASIC:
                good = check_basic(&check);
                break;
        case SIGNATURE_TOKEN:
                given = find_given(&check);
                good = given && same(given, signature->secret);
                break;
        case SIGNATURE_HMAC_SHA256:
        case SIGNATURE_HMAC_SHA1:
        case SIGNATURE_ECDSA:
                good = check_signed(&check);
                break;
        }
        json_decref(check.json);
        return good;
}

bool signature_key_is_good(const char *text)
{
        EVP_PKEY *key = read_key(text);
        bool good = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;

        EVP_PKEY_free(key);
        return good;
}
