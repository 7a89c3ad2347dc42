#include "desk/openid_token.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

#define HASH_BYTES 32          /* SHA-256 */
#define MODULUS_MIN_BYTES 256  /* 2048 bits */
#define MODULUS_MAX_BYTES 1024 /* 8192 bits: a larger key would cost too much to try */
#define EXPONENT_MAX_BYTES 8
#define COORDINATE_BYTES 32 /* of P-256 */
#define SIGNATURE_MAX_BYTES MODULUS_MAX_BYTES
#define TIME_MAX 253402300799.0 /* the end of the year 9999 */

/* ---- base64url */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void openid_base64_encode(const uint8_t *bytes, size_t length, char *text)
{
        unsigned bits = 0;
        int have = 0;

        for (size_t i = 0; i < length; i++) {
                bits = bits << 8 | bytes[i];
                for (have += 8; have >= 6; have -= 6)
                        *text++ = alphabet[bits >> (have - 6) & 63];
        }
        if (have)
                *text++ = alphabet[bits << (6 - have) & 63];
        *text = '\0';
}

/* Strict: one text for one value, so that nothing can be changed and still pass. */
long openid_base64_decode(const char *text, size_t length, uint8_t *bytes, size_t size)
{
        unsigned bits = 0;
        size_t count = 0;
        int have = 0;

        if (length % 4 == 1)
                return -1;
        for (size_t i = 0; i < length; i++) {
                const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;

                if (!at)
                        return -1;
                bits = bits << 6 | (unsigned)(at - alphabet);
                have += 6;
                if (have < 8)
                        continue;
                if (count == size)
                        return -1;
                have -= 8;
                bytes[count++] = (uint8_t)(bits >> have);
        }
        return bits & ((1u << have) - 1) ? -1 : (long)count;
}

/* ---- the three parts of a token */

struct parts {
        const char *text; /* the token: what is signed is its first SIGNED_LENGTH bytes */
        size_t signed_length;
        json_t *header, *claims;
        uint8_t signature[SIGNATURE_MAX_BYTES];
        size_t signature_length;
};

static void fini_parts(struct parts *parts)
{
        json_decref(parts->header);
        json_decref(parts->claims);
}

static int decode_object(const char *text, size_t length, json_t **ret_object, struct err *err)
{
        _cleanup_(free_ptr) uint8_t *bytes = malloc(length + 1);
        json_t *object;
        long count;

        if (!bytes)
                return err_set(err, ERR_NOMEM, "OpenID token: out of memory");
        count = openid_base64_decode(text, length, bytes, length);
        object =
            count > 0 ? json_loadb((const char *)bytes, (size_t)count, JSON_REJECT_DUPLICATES, NULL) : NULL;
        if (!json_is_object(object)) {
                json_decref(object);
                return err_set(err, ERR_INVALID,
                               "OpenID token: is no JSON Web Token: see what the provider sends");
        }
        *ret_object = object;
        return 0;
}

static int split(const char *token, struct parts *parts, struct err *err)
{
        size_t length = strnlen(token, OPENID_TOKEN_MAX_BYTES + 1), header = strcspn(token, "."), claims;
        long count;
        int r;

        if (length > OPENID_TOKEN_MAX_BYTES)
                return err_set(err, ERR_INVALID,
                               "OpenID token: is over %d bytes: let the provider put fewer claims in it",
                               OPENID_TOKEN_MAX_BYTES);
        claims = header < length ? strcspn(token + header + 1, ".") : 0;
        if (header + 1 + claims >= length)
                return err_set(err, ERR_INVALID,
                               "OpenID token: is no JSON Web Token: see what the provider sends");
        parts->text = token;
        parts->signed_length = header + 1 + claims;
        r = decode_object(token, header, &parts->header, err);
        if (r == 0)
                r = decode_object(token + header + 1, claims, &parts->claims, err);
        if (r < 0)
                return r;
        count = openid_base64_decode(token + parts->signed_length + 1, length - parts->signed_length - 1,
                                     parts->signature, sizeof parts->signature);
        if (count <= 0)
                return err_set(err, ERR_INVALID,
                               "OpenID token: has no signature that can be read: see what "
                               "the provider sends");
        parts->signature_length = (size_t)count;
        return 0;
}

/* ---- keys */

struct algorithm {
        const char *name, *type; /* of the key */
        bool is_pss;
};

/* Keep in alphabetical order. What is not here is refused: above all `none` and HMAC, for which anybody who
 * has the public key could make tokens. */
static const struct algorithm algorithm_table[] = {
    {"ES256", "EC", false},
    {"PS256", "RSA", true},
    {"RS256", "RSA", false},
};

static const char *text_of(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

static int find_algorithm(const json_t *header, const struct algorithm **ret_algorithm, struct err *err)
{
        const char *name = text_of(header, "alg"), *type = text_of(header, "typ");

        if (json_object_get(header, "crit") || json_object_get(header, "b64"))
                return err_set(
                    err, ERR_INVALID,
                    "OpenID token: asks for an extension that is not known: turn it off at the provider");
        if (json_object_get(header, "typ") && (!type || strcasecmp(type, "JWT") != 0))
                return err_set(err, ERR_INVALID,
                               "OpenID token: is of another type than JWT: see what the "
                               "provider sends");
        for (size_t i = 0; name && i < ARRAY_SIZE(algorithm_table); i++)
                if (strcmp(algorithm_table[i].name, name) == 0) {
                        *ret_algorithm = &algorithm_table[i];
                        return 0;
                }
        return err_set(err, ERR_INVALID,
                       "OpenID token: is not signed by RS256, PS256 or ES256: choose one of "
                       "them at the provider");
}

static bool may_verify(const json_t *key)
{
        const json_t *operations = json_object_get(key, "key_ops"), *operation;
        const char *use = text_of(key, "use");
        size_t i;

        if (json_object_get(key, "use") && (!use || strcmp(use, "sig") != 0))
                return false;
        if (!operations)
                return true;
        json_array_foreach(operations, i, operation)
        {
                if (json_is_string(operation) && strcmp(json_string_value(operation), "verify") == 0)
                        return true;
        }
        return false;
}

static bool fits(const json_t *key, const struct algorithm *algorithm, const char *id)
{
        const char *type = text_of(key, "kty"), *own = text_of(key, "kid"), *name = text_of(key, "alg"),
                   *curve = text_of(key, "crv");

        return type && strcmp(type, algorithm->type) == 0 && (!id || (own && strcmp(own, id) == 0)) &&
               (!json_object_get(key, "alg") || (name && strcmp(name, algorithm->name) == 0)) &&
               (strcmp(type, "EC") != 0 || (curve && strcmp(curve, "P-256") == 0)) && may_verify(key);
}

/* The key that HEADER names; without a name the only one that fits. */
static int find_key(const json_t *header, const json_t *keys, const struct algorithm *algorithm,
                    const json_t **ret_key, struct err *err)
{
        const json_t *list = json_object_get(keys, "keys"), *key, *found = NULL;
        const char *id = text_of(header, "kid");
        size_t i;

        if (json_object_get(header, "kid") && !id)
                return err_set(err, ERR_INVALID,
                               "OpenID token: the name of its key is no text: see what the "
                               "provider sends");
        json_array_foreach(list, i, key)
        {
                if (i == OPENID_KEYS_MAX)
                        break;
                if (!fits(key, algorithm, id))
                        continue;
                if (found && !id)
                        return err_set(err, ERR_INVALID,
                                       "OpenID token: does not say which of its issuer's keys "
                                       "made it: let the provider name the key (kid)");
                if (!found)
                        found = key;
        }
        *ret_key = found;
        return found ? OPENID_TOKEN_GOOD : OPENID_TOKEN_KEY_UNKNOWN;
}

static long decode_field(const json_t *key, const char *name, uint8_t *bytes, size_t size)
{
        const json_t *field = json_object_get(key, name);

        return json_is_string(field)
                   ? openid_base64_decode(json_string_value(field), json_string_length(field), bytes, size)
                   : -1;
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM_BLD *build)
{
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
        OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
        EVP_PKEY *key = NULL;

        if (!context || !parameters || EVP_PKEY_fromdata_init(context) != 1 ||
            EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
                key = NULL;
        OSSL_PARAM_free(parameters);
        EVP_PKEY_CTX_free(context);
        return key;
}

static EVP_PKEY *make_rsa(const json_t *jwk)
{
        uint8_t modulus[MODULUS_MAX_BYTES], exponent[EXPONENT_MAX_BYTES];
        long modulus_length = decode_field(jwk, "n", modulus, sizeof modulus),
             exponent_length = decode_field(jwk, "e", exponent, sizeof exponent);
        OSSL_PARAM_BLD *build;
        EVP_PKEY *key = NULL;
        BIGNUM *n, *e;

        if (modulus_length < MODULUS_MIN_BYTES || exponent_length <= 0)
                return NULL;
        n = BN_bin2bn(modulus, (int)modulus_length, NULL);
        e = BN_bin2bn(exponent, (int)exponent_length, NULL);
        build = OSSL_PARAM_BLD_new();
        if (n && e && build && BN_num_bits(n) >= MODULUS_MIN_BYTES * 8 && BN_is_odd(e) && !BN_is_one(e) &&
            OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
            OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
                key = make_key("RSA", build);
        OSSL_PARAM_BLD_free(build);
        BN_free(n);
        BN_free(e);
        return key;
}

static EVP_PKEY *make_ec(const json_t *jwk)
{
        uint8_t point[1 + 2 * COORDINATE_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
        OSSL_PARAM_BLD *build;
        EVP_PKEY *key = NULL;

        if (decode_field(jwk, "x", point + 1, COORDINATE_BYTES) != COORDINATE_BYTES ||
            decode_field(jwk, "y", point + 1 + COORDINATE_BYTES, COORDINATE_BYTES) != COORDINATE_BYTES)
                return NULL;
        build = OSSL_PARAM_BLD_new();
        if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point) == 1)
                key = make_key("EC", build);
        OSSL_PARAM_BLD_free(build);
        return key;
}

/* ---- the signature */

/* From the two numbers side by side (RFC 7518) to what OpenSSL reads. */
static int ecdsa_der(const struct parts *parts, uint8_t **ret_der)
{
        const uint8_t *bytes = parts->signature;
        ECDSA_SIG *signature;
        BIGNUM *r, *s;
        int length = -1;

        if (parts->signature_length != 2 * COORDINATE_BYTES)
                return -1;
        signature = ECDSA_SIG_new();
        r = BN_bin2bn(bytes, COORDINATE_BYTES, NULL);
        s = BN_bin2bn(bytes + COORDINATE_BYTES, COORDINATE_BYTES, NULL);
        if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
                r = s = NULL; /* the signature's now */
                length = i2d_ECDSA_SIG(signature, ret_der);
        }
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(signature);
        return length;
}

static bool verify(EVP_PKEY *key, const struct algorithm *algorithm, const struct parts *parts,
                   const uint8_t *signature, size_t length)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *options = NULL; /* the context's */
        bool good = context && EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key) == 1;

        if (good && algorithm->is_pss)
                good = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
                       EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
        good = good && EVP_DigestVerify(context, signature, length, (const uint8_t *)parts->text,
                                        parts->signed_length) == 1;
        EVP_MD_CTX_free(context);
        return good;
}

static int check_signature(const struct parts *parts, const json_t *keys, struct err *err)
{
        const struct algorithm *algorithm;
        const json_t *jwk;
        uint8_t *der = NULL;
        EVP_PKEY *key;
        bool good;
        int length, r = find_algorithm(parts->header, &algorithm, err);

        if (r == 0)
                r = find_key(parts->header, keys, algorithm, &jwk, err);
        if (r != OPENID_TOKEN_GOOD)
                return r;
        if (strcmp(algorithm->type, "EC") == 0) {
                key = make_ec(jwk);
                length = ecdsa_der(parts, &der);
                good = key && length > 0 && verify(key, algorithm, parts, der, (size_t)length);
                OPENSSL_free(der);
        } else {
                key = make_rsa(jwk);
                good = key && verify(key, algorithm, parts, parts->signature, parts->signature_length);
        }
        if (!key)
                r = err_set(err, ERR_INVALID,
                            "OpenID token: its issuer's key cannot be used: publish an RSA "
                            "key of 2048 to 8192 bits or one of P-256");
        else if (!good)
                r = err_set(err, ERR_INVALID,
                            "OpenID token: the signature is not its issuer's: sign in again");
        EVP_PKEY_free(key);
        return r;
}

/* ---- the claims */

/* 1 with *RET_UTC, 0 when there is none, -1 when it is no time. */
static int read_time(const json_t *claims, const char *name, int64_t *ret_utc)
{
        const json_t *claim = json_object_get(claims, name);
        double number = json_number_value(claim);

        if (!claim)
                return 0;
        if (!json_is_number(claim) || number < 0 || number > TIME_MAX)
                return -1;
        *ret_utc = (int64_t)number;
        return 1;
}

static int check_times(const json_t *claims, int64_t now_utc, struct err *err)
{
        int64_t expires = 0, issued = 0, not_before = 0;
        int has_not_before = read_time(claims, "nbf", &not_before);

        if (read_time(claims, "exp", &expires) <= 0 || read_time(claims, "iat", &issued) <= 0 ||
            has_not_before < 0)
                return err_set(err, ERR_INVALID,
                               "OpenID token: does not say from when until when it is good: "
                               "see what the provider sends");
        if (expires + OPENID_SKEW_S <= now_utc)
                return err_set(err, ERR_INVALID,
                               "OpenID token: is over: sign in again; if it comes back, compare the clocks");
        if (issued - OPENID_SKEW_S > now_utc || (has_not_before && not_before - OPENID_SKEW_S > now_utc))
                return err_set(err, ERR_INVALID,
                               "OpenID token: is not good yet: compare this clock with the provider's");
        return 0;
}

static bool is_text(const json_t *claims, const char *name, const char *text)
{
        const json_t *claim = json_object_get(claims, name);

        return json_is_string(claim) && json_string_length(claim) == strlen(text) &&
               CRYPTO_memcmp(json_string_value(claim), text, strlen(text)) == 0;
}

static bool is_for(const json_t *claims, const char *client_id)
{
        const json_t *audience = json_object_get(claims, "aud"), *each;
        bool is_named = is_text(claims, "aud", client_id), has_party = json_object_get(claims, "azp");
        size_t i;

        json_array_foreach(audience, i, each)
        {
                is_named =
                    is_named || (json_is_string(each) && strcmp(json_string_value(each), client_id) == 0);
        }
        if (json_array_size(audience) > 1 && !has_party)
                return false;
        return is_named && (!has_party || is_text(claims, "azp", client_id));
}

/* The left half of the access token's hash (OpenID Connect Core 3.1.3.6). */
static bool goes_with(const json_t *claims, const char *access_token)
{
        char text[OPENID_BASE64_SIZE(HASH_BYTES / 2)];
        uint8_t hash[HASH_BYTES];

        if (!json_object_get(claims, "at_hash"))
                return true;
        if (!access_token ||
            EVP_Digest(access_token, strlen(access_token), hash, NULL, EVP_sha256(), NULL) != 1)
                return false;
        openid_base64_encode(hash, sizeof hash / 2, text);
        return is_text(claims, "at_hash", text);
}

static int check_claims(const json_t *claims, const struct openid_expected *expected, struct err *err)
{
        const char *subject = text_of(claims, "sub");

        if (!is_text(claims, "iss", expected->issuer))
                return err_set(err, ERR_INVALID,
                               "OpenID token: is another issuer's: write `issuer` as the "
                               "provider writes it");
        if (!is_for(claims, expected->client_id))
                return err_set(err, ERR_INVALID,
                               "OpenID token: is for another client: write `client_id` as "
                               "the provider knows it");
        if (!is_text(claims, "nonce", expected->nonce))
                return err_set(err, ERR_INVALID, "OpenID token: does not answer this request: sign in again");
        if (!subject || !*subject)
                return err_set(err, ERR_INVALID, "OpenID token: names nobody: see what the provider sends");
        if (!goes_with(claims, expected->access_token))
                return err_set(err, ERR_INVALID,
                               "OpenID token: does not go with what came beside it: sign in again");
        return check_times(claims, expected->now_utc, err);
}

int openid_token_read(const char *token, const json_t *keys, const struct openid_expected *expected,
                      json_t **ret_claims, struct err *err)
{
        _cleanup_(fini_parts) struct parts parts = {0};
        int r = split(token, &parts, err);

        if (r == 0)
                r = check_signature(&parts, keys, err);
        if (r == OPENID_TOKEN_GOOD)
                r = check_claims(parts.claims, expected, err);
        if (r == OPENID_TOKEN_GOOD)
                *ret_claims = TAKE(parts.claims);
        return r;
}
