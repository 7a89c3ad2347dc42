/* desk/openid: ID tokens that are good and many that are not; what a provider says of itself; what is sent to
 * the browser. The network is tests/browser/desk-openid's and tests/desk/openid's. */
#include "desk/openid_provider.h"
#include "desk/openid_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define NOW 1795420800 /* 2026-11-23 08:00 UTC */
#define ISSUER "https://login.example.org/tenant"
#define CLIENT "kapula"
#define NONCE "n-0S6_WzA2Mj"
#define ACCESS "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
#define AT_HASH "77QmUPtjPfzWtF2AnpK9RQ" /* of ACCESS, as in the specification, A.3 */

static struct keys {
        EVP_PKEY *rsa, *other, *small, *ec;
        json_t *set;
} keys;

/* ---- making keys and tokens */

static json_t *encode(const uint8_t *bytes, size_t length)
{
        char *text = malloc(OPENID_BASE64_SIZE(length));
        json_t *json;

        openid_base64_encode(bytes, length, text);
        json = json_string(text);
        free(text);
        return json;
}

static json_t *number_of(EVP_PKEY *key, const char *name)
{
        BIGNUM *number = NULL;
        uint8_t bytes[1024];
        json_t *json;

        assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
        json = encode(bytes, (size_t)BN_bn2bin(number, bytes));
        BN_free(number);
        return json;
}

static json_t *rsa_jwk(EVP_PKEY *key, const char *kid)
{
        return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kty", "RSA", "use", "sig", "kid", kid, "n",
                         number_of(key, OSSL_PKEY_PARAM_RSA_N), "e", number_of(key, OSSL_PKEY_PARAM_RSA_E));
}

static json_t *ec_jwk(EVP_PKEY *key, const char *kid)
{
        uint8_t point[65];
        size_t length;

        assert_int_equal(
            EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &length), 1);
        assert_int_equal(length, sizeof point);
        return json_pack("{s:s, s:s, s:s, s:o, s:o}", "kty", "EC", "crv", "P-256", "kid", kid, "x",
                         encode(point + 1, 32), "y", encode(point + 33, 32));
}

static int setup(void **state)
{
        (void)state;
        keys.rsa = EVP_RSA_gen(2048);
        keys.other = EVP_RSA_gen(2048);
        keys.small = EVP_RSA_gen(1024);
        keys.ec = EVP_EC_gen("P-256");
        assert_true(keys.rsa && keys.other && keys.small && keys.ec);
        keys.set = json_pack("{s:[o, o, o]}", "keys", rsa_jwk(keys.rsa, "r1"), rsa_jwk(keys.small, "small"),
                             ec_jwk(keys.ec, "e1"));
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        EVP_PKEY_free(keys.rsa);
        EVP_PKEY_free(keys.other);
        EVP_PKEY_free(keys.small);
        EVP_PKEY_free(keys.ec);
        json_decref(keys.set);
        return 0;
}

static size_t sign_ec(uint8_t *signature, size_t length)
{
        const uint8_t *at = signature;
        ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)length);

        assert_non_null(pair);
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32);
        ECDSA_SIG_free(pair);
        return 64;
}

static size_t sign(EVP_PKEY *key, const char *algorithm, const char *text, uint8_t *signature, size_t size)
{
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        EVP_PKEY_CTX *options;
        size_t length = size;

        assert_int_equal(EVP_DigestSignInit(context, &options, EVP_sha256(), NULL, key), 1);
        if (algorithm[0] == 'P') {
                EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
        }
        assert_int_equal(EVP_DigestSign(context, signature, &length, (const uint8_t *)text, strlen(text)), 1);
        EVP_MD_CTX_free(context);
        return algorithm[0] == 'E' ? sign_ec(signature, length) : length;
}

static void add_object(struct buf *token, const json_t *object)
{
        char *text = json_dumps(object, JSON_COMPACT), *encoded;

        assert_non_null(text);
        encoded = malloc(OPENID_BASE64_SIZE(strlen(text)));
        openid_base64_encode((const uint8_t *)text, strlen(text), encoded);
        buf_adds(token, encoded);
        free(encoded);
        free(text);
}

static void add_bytes(struct buf *token, const uint8_t *bytes, size_t length)
{
        char text[2048];

        buf_addc(token, '.');
        openid_base64_encode(bytes, length, text);
        buf_adds(token, text);
}

/* The first two parts. */
static void begin_token(struct buf *token, const json_t *header, const json_t *claims)
{
        buf_init(token, 1 << 20);
        add_object(token, header);
        buf_addc(token, '.');
        add_object(token, claims);
}

static char *make(EVP_PKEY *key, const json_t *header, const json_t *claims)
{
        const char *algorithm = json_string_value(json_object_get(header, "alg"));
        uint8_t signature[1024];
        struct buf token;

        begin_token(&token, header, claims);
        add_bytes(&token, signature, sign(key, algorithm, buf_text(&token), signature, sizeof signature));
        return buf_take(&token);
}

static json_t *header_of(const char *algorithm, const char *kid)
{
        json_t *header = json_pack("{s:s, s:s}", "alg", algorithm, "typ", "JWT");

        if (kid)
                json_object_set_new(header, "kid", json_string(kid));
        return header;
}

static json_t *good_claims(void)
{
        return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:b}", "iss", ISSUER, "aud", CLIENT, "sub",
                         "248289", "nonce", NONCE, "exp", NOW + 300, "iat", NOW, "email",
                         "opettaja@example.org", "email_verified", 1);
}

static int read_with(const char *token, const json_t *set, struct err *err)
{
        const struct openid_expected expected = {
            .issuer = ISSUER, .client_id = CLIENT, .nonce = NONCE, .access_token = ACCESS, .now_utc = NOW};
        json_t *claims = NULL;
        int r = openid_token_read(token, set, &expected, &claims, err);

        assert_true((r == OPENID_TOKEN_GOOD) == (claims != NULL));
        if (claims)
                assert_string_equal(json_string_value(json_object_get(claims, "sub")), "248289");
        json_decref(claims);
        return r;
}

static int read_token(const char *token, struct err *err)
{
        return read_with(token, keys.set, err);
}

/* Signed by the good RSA key. */
static int read_claims(json_t *claims, struct err *err)
{
        json_t *header = header_of("RS256", "r1");
        char *token = make(keys.rsa, header, claims);
        int r = read_token(token, err);

        free(token);
        json_decref(header);
        json_decref(claims);
        return r;
}

static int read_header(EVP_PKEY *key, json_t *header, struct err *err)
{
        json_t *claims = good_claims();
        char *token = make(key, header, claims);
        int r = read_token(token, err);

        free(token);
        json_decref(header);
        json_decref(claims);
        return r;
}

static void assert_refused(int r, const struct err *err, const char *words)
{
        assert_int_equal(r, ERR_INVALID);
        if (!strstr(err->text, words))
                fail_msg("“%s” is not in: %s", words, err->text);
        assert_null(strstr(err->text, "opettaja"));
        assert_null(strstr(err->text, "248289"));
}

/* ---- tokens */

static void takes_the_three_algorithms(void **state)
{
        struct err err = {0};

        (void)state;
        if (read_header(keys.rsa, header_of("RS256", "r1"), &err) < 0)
                fail_msg("%s", err.text);
        assert_int_equal(read_header(keys.rsa, header_of("PS256", "r1"), &err), 0);
        assert_int_equal(read_header(keys.ec, header_of("ES256", "e1"), &err), 0);
        assert_int_equal(read_header(keys.ec, header_of("ES256", NULL), &err),
                         0); /* the only one that fits */
}

static void refuses_tokens_without_a_signature(void **state)
{
        json_t *header = header_of("none", NULL), *claims = good_claims();
        struct err err = {0};
        struct buf token;

        (void)state;
        begin_token(&token, header, claims);
        assert_int_equal(read_token(buf_text(&token), &err), ERR_INVALID);
        buf_addc(&token, '.');
        assert_int_equal(read_token(buf_text(&token), &err), ERR_INVALID);
        buf_adds(&token, "AAAA");
        assert_refused(read_token(buf_text(&token), &err), &err, "not signed by RS256");
        json_object_set_new(header, "alg", json_string("nOnE"));
        buf_fini(&token);
        begin_token(&token, header, claims);
        buf_adds(&token, ".AAAA");
        assert_refused(read_token(buf_text(&token), &err), &err, "not signed by RS256");
        buf_fini(&token);
        json_decref(header);
        json_decref(claims);
}

/* The public key is no secret: whoever has it must not be able to sign with it. */
static void refuses_hmac_with_the_public_key(void **state)
{
        json_t *header = header_of("HS256", "r1"), *claims = good_claims();
        BIO *memory = BIO_new(BIO_s_mem());
        uint8_t mac[EVP_MAX_MD_SIZE];
        struct err err = {0};
        unsigned length;
        struct buf token;
        long size;
        char *pem;

        (void)state;
        PEM_write_bio_PUBKEY(memory, keys.rsa);
        size = BIO_get_mem_data(memory, &pem);
        begin_token(&token, header, claims);
        HMAC(EVP_sha256(), pem, (int)size, (const uint8_t *)buf_text(&token), token.length, mac, &length);
        add_bytes(&token, mac, length);
        assert_refused(read_token(buf_text(&token), &err), &err, "not signed by RS256");
        buf_fini(&token);
        BIO_free(memory);
        json_decref(header);
        json_decref(claims);
}

static void refuses_other_headers(void **state)
{
        struct err err = {0};
        json_t *header;

        (void)state;
        assert_refused(read_header(keys.other, header_of("RS256", "r1"), &err), &err, "signature");
        assert_refused(read_header(keys.small, header_of("RS256", "small"), &err), &err, "cannot be used");
        assert_int_equal(read_header(keys.rsa, header_of("RS256", "r2"), &err), OPENID_TOKEN_KEY_UNKNOWN);
        assert_int_equal(read_header(keys.ec, header_of("ES256", "r1"), &err), OPENID_TOKEN_KEY_UNKNOWN);
        assert_int_equal(read_header(keys.rsa, header_of("RS256", "e1"), &err), OPENID_TOKEN_KEY_UNKNOWN);
        assert_int_equal(read_header(keys.rsa, header_of("RS256", ""), &err), OPENID_TOKEN_KEY_UNKNOWN);
        assert_refused(read_header(keys.rsa, header_of("RS256", NULL), &err), &err, "does not say which");
        header = header_of("RS256", "r1");
        json_object_set_new(header, "kid", json_integer(1));
        assert_refused(read_header(keys.rsa, header, &err), &err, "no text");
        header = header_of("RS256", "r1");
        json_object_set_new(header, "crit", json_pack("[s]", "exp"));
        assert_refused(read_header(keys.rsa, header, &err), &err, "extension");
        header = header_of("RS256", "r1");
        json_object_set_new(header, "typ", json_string("at+jwt"));
        assert_refused(read_header(keys.rsa, header, &err), &err, "another type");
        header = header_of("RS256", "r1"); /* a key that it brings itself counts for nothing */
        json_object_set_new(header, "jwk", rsa_jwk(keys.other, "r1"));
        assert_refused(read_header(keys.other, header, &err), &err, "signature");
}

static void refuses_keys_that_are_for_something_else(void **state)
{
        static const char *const changes[][2] = {
            {"use", "\"enc\""},        {"use", "7"},      {"alg", "\"PS256\""}, {"alg", "\"RSA-OAEP\""},
            {"key_ops", "[\"sign\"]"}, {"key_ops", "[]"}, {"kty", "\"oct\""}};
        json_t *header = header_of("RS256", "r1"), *claims = good_claims();
        char *token = make(keys.rsa, header, claims);
        struct err err = {0};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
                json_t *set = json_pack("{s:[o]}", "keys", rsa_jwk(keys.rsa, "r1"));

                assert_int_equal(read_with(token, set, &err), 0);
                json_object_set_new(json_array_get(json_object_get(set, "keys"), 0), changes[i][0],
                                    json_loads(changes[i][1], JSON_DECODE_ANY, NULL));
                assert_int_equal(read_with(token, set, &err), OPENID_TOKEN_KEY_UNKNOWN);
                json_decref(set);
        }
        free(token);
        json_decref(header);
        json_decref(claims);
}

static void refuses_keys_that_are_none(void **state)
{
        static const char *const sets[] = {"{}", "{\"keys\":{}}", "{\"keys\":[]}",
                                           "{\"keys\":[null,1,\"r1\",[],{}]}",
                                           "{\"keys\":[{\"kid\":\"r1\"}]}"};
        static const char *const broken[] = {
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\"}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"n\":1,\"e\":2}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"n\":\"****\",\"e\":\"AQAB\"}]}",
            "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"};
        json_t *header = header_of("RS256", "r1"), *claims = good_claims(), *set;
        char *token = make(keys.rsa, header, claims);
        struct err err = {0};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
                set = json_loads(sets[i], 0, NULL);
                assert_int_equal(read_with(token, set, &err), OPENID_TOKEN_KEY_UNKNOWN);
                json_decref(set);
        }
        for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
                set = json_loads(broken[i], 0, NULL);
                assert_refused(read_with(token, set, &err), &err, "cannot be used");
                json_decref(set);
        }
        free(token);
        json_decref(header);
        json_decref(claims);
}

/* A point that does not lie on the curve. */
static void refuses_an_invalid_point(void **state)
{
        json_t *header = header_of("ES256", "e1"), *claims = good_claims(), *jwk = ec_jwk(keys.ec, "e1"),
               *set = json_pack("{s:[o]}", "keys", jwk);
        char *token = make(keys.ec, header, claims);
        uint8_t other[32];
        struct err err = {0};

        (void)state;
        assert_int_equal(read_with(token, set, &err), 0);
        memset(other, 7, sizeof other);
        json_object_set_new(jwk, "y", encode(other, sizeof other));
        assert_refused(read_with(token, set, &err), &err, "cannot be used");
        json_object_set_new(jwk, "y", encode(other, 31));
        assert_refused(read_with(token, set, &err), &err, "cannot be used");
        free(token);
        json_decref(set);
        json_decref(header);
        json_decref(claims);
}

static void refuses_what_is_not_for_us(void **state)
{
        static const struct {
                const char *name, *value, *words;
        } cases[] = {
            {"iss", "\"https://login.example.org/tenant/\"", "another issuer"},
            {"iss", "\"https://login.example.org\"", "another issuer"},
            {"iss", "[\"https://login.example.org/tenant\"]", "another issuer"},
            {"iss", "null", "another issuer"},
            {"aud", "\"other\"", "another client"},
            {"aud", "\"kapula2\"", "another client"},
            {"aud", "[]", "another client"},
            {"aud", "[\"other\"]", "another client"},
            {"aud", "[\"kapula\", \"other\"]", "another client"}, /* without azp */
            {"aud", "{\"kapula\":1}", "another client"},
            {"azp", "\"other\"", "another client"},
            {"azp", "1", "another client"},
            {"nonce", "\"n-0S6_WzA2Mk\"", "does not answer"},
            {"nonce", "\"\"", "does not answer"},
            {"nonce", "1", "does not answer"},
            {"sub", "\"\"", "names nobody"},
            {"sub", "7", "names nobody"},
            {"at_hash", "\"77QmUPtjPfzWtF2AnpK9RA\"", "does not go with"},
            {"at_hash", "7", "does not go with"},
        };
        struct err err = {0};
        json_t *claims;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                claims = good_claims();
                json_object_set_new(claims, cases[i].name, json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
                assert_refused(read_claims(claims, &err), &err, cases[i].words);
        }
        for (size_t i = 0; i < ARRAY_SIZE(cases) - 2; i++) {
                bool is_optional = strcmp(cases[i].name, "azp") == 0;

                claims = good_claims();
                json_object_del(claims, cases[i].name);
                if (is_optional)
                        json_decref(claims);
                else
                        assert_refused(read_claims(claims, &err), &err, cases[i].words);
        }
}

static void takes_what_is_for_us(void **state)
{
        struct err err = {0};
        json_t *claims = good_claims();

        (void)state;
        json_object_set_new(claims, "aud", json_pack("[s, s]", "other", CLIENT));
        json_object_set_new(claims, "azp", json_string(CLIENT));
        json_object_set_new(claims, "at_hash", json_string(AT_HASH));
        if (read_claims(claims, &err) < 0)
                fail_msg("%s", err.text);
        claims = good_claims();
        json_object_set_new(claims, "aud", json_pack("[s]", CLIENT));
        json_object_set_new(claims, "exp", json_real(NOW + 0.5));
        assert_int_equal(read_claims(claims, &err), 0);
}

static void keeps_to_the_clock(void **state)
{
        static const struct {
                const char *name;
                int64_t at;
                bool is_good;
        } cases[] = {
            {"exp", NOW - OPENID_SKEW_S + 1, true},
            {"exp", NOW - OPENID_SKEW_S, false},
            {"exp", 0, false},
            {"exp", -1, false},
            {"iat", NOW + OPENID_SKEW_S, true},
            {"iat", NOW + OPENID_SKEW_S + 1, false},
            {"nbf", NOW + OPENID_SKEW_S, true},
            {"nbf", NOW + OPENID_SKEW_S + 1, false},
            {"nbf", -5, false},
            {"exp", INT64_MAX, false},
        };
        static const char *const others[] = {"\"1895420800\"", "null", "[]", "true", "1e300"};
        struct err err = {0};
        json_t *claims;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                claims = good_claims();
                json_object_set_new(claims, cases[i].name, json_integer(cases[i].at));
                assert_int_equal(read_claims(claims, &err), cases[i].is_good ? 0 : ERR_INVALID);
        }
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                claims = good_claims();
                json_object_set_new(claims, "exp", json_loads(others[i], JSON_DECODE_ANY, NULL));
                assert_refused(read_claims(claims, &err), &err, "from when until when");
        }
        claims = good_claims();
        json_object_del(claims, "iat");
        assert_refused(read_claims(claims, &err), &err, "from when until when");
}

static void refuses_what_is_no_token(void **state)
{
        static const char *const texts[] = {"",
                                            ".",
                                            "..",
                                            "...",
                                            "a.b.c",
                                            "....",
                                            "e30.e30.e30",
                                            "e30.e30",
                                            "e30..e30",
                                            ".e30.e30",
                                            "e30.e30.",
                                            "\x01.\x02.\x03",
                                            "e30.W10.AAAA",
                                            "bnVsbA.e30.AAAA",
                                            "eyJhbGciOiJSUzI1NiIsImFsZyI6Im5vbmUifQ.e30.AAAA",
                                            "e30=.e30=.AAAA",
                                            " e30.e30.AAAA",
                                            "e30.e30.AAAA\n",
                                            "e31.e30.AAAA",
                                            "ä.ö.å"};
        struct err err = {0};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                assert_int_equal(read_token(texts[i], &err), ERR_INVALID);
}

/* Every byte that is changed or left out breaks it. */
static void refuses_a_token_that_was_touched(void **state)
{
        json_t *header = header_of("ES256", "e1"), *claims = good_claims();
        char *token = make(keys.ec, header, claims), *cut;
        size_t length = strlen(token);
        struct err err = {0};

        (void)state;
        assert_int_equal(read_token(token, &err), 0);
        for (size_t i = 0; i < length; i++) {
                char kept = token[i];

                token[i] = kept == 'A' ? 'B' : 'A';
                assert_int_not_equal(read_token(token, &err), 0);
                token[i] = kept;
        }
        for (size_t i = 0; i < length; i += 7) {
                cut = strndup(token, i);
                assert_int_equal(read_token(cut, &err), ERR_INVALID);
                free(cut);
        }
        free(token);
        json_decref(header);
        json_decref(claims);
}

static void refuses_what_is_huge(void **state)
{
        json_t *header = header_of("RS256", "r1"), *claims = good_claims();
        char *token, *filler = malloc(40001);
        struct err err = {0};

        (void)state;
        memset(filler, 'x', 40000);
        filler[40000] = '\0';
        json_object_set_new(claims, "groups", json_string(filler));
        token = make(keys.rsa, header, claims);
        assert_refused(read_token(token, &err), &err, "over 32768 bytes");
        free(token);
        filler[20000] = '\0';
        json_object_set_new(claims, "groups", json_string(filler));
        token = make(keys.rsa, header, claims);
        assert_int_equal(read_token(token, &err), 0);
        free(token);
        memset(filler, '[', 20000); /* as deep as that fits */
        token = malloc(OPENID_BASE64_SIZE(20000) + 16);
        openid_base64_encode((const uint8_t *)filler, 20000, token);
        strncat(token, ".e30.AAAA", 10);
        assert_int_equal(read_token(token, &err), ERR_INVALID);
        free(token);
        free(filler);
        json_decref(header);
        json_decref(claims);
}

/* Signatures of the wrong length, and of nothing but zeros. */
static void refuses_odd_signatures(void **state)
{
        static const size_t lengths[] = {1, 63, 64, 65, 255, 256, 257, 1024};
        static const uint8_t zeros[1024];
        static const char *const algorithms[][2] = {{"RS256", "r1"}, {"PS256", "r1"}, {"ES256", "e1"}};
        json_t *claims = good_claims();
        struct err err = {0};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
                for (size_t k = 0; k < ARRAY_SIZE(algorithms); k++) {
                        json_t *header = header_of(algorithms[k][0], algorithms[k][1]);
                        struct buf token;

                        begin_token(&token, header, claims);
                        add_bytes(&token, zeros, lengths[i]);
                        assert_refused(read_token(buf_text(&token), &err), &err, "signature");
                        buf_fini(&token);
                        json_decref(header);
                }
        json_decref(claims);
}

static void reads_base64_strictly(void **state)
{
        static const char *const bad[] = {"A", "AAAAA", "AA=", "AA==", "A+==", "AA/A", "AA AA", "AB", "AAB"};
        uint8_t bytes[8];
        char text[16];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(openid_base64_decode(bad[i], strlen(bad[i]), bytes, sizeof bytes), -1);
        assert_int_equal(openid_base64_decode("AAAAAAAAAAAA", 12, bytes, sizeof bytes), -1); /* nine bytes */
        assert_int_equal(openid_base64_decode("", 0, bytes, sizeof bytes), 0);
        for (size_t length = 0; length <= sizeof bytes; length++) {
                uint8_t back[8];

                memset(bytes, 0xfb, sizeof bytes);
                openid_base64_encode(bytes, length, text);
                assert_true(strlen(text) < OPENID_BASE64_SIZE(length));
                assert_int_equal(openid_base64_decode(text, strlen(text), back, sizeof back), (long)length);
                assert_memory_equal(back, bytes, length);
        }
}

/* ---- the provider */

static void knows_which_addresses_it_may_use(void **state)
{
        static const char *const good[] = {"https://login.example.org",
                                           "https://login.example.org:8443/a?b=c", "http://127.0.0.1:4000/x",
                                           "http://localhost/", "http://[::1]:80/"};
        static const char *const bad[] = {"",
                                          "login.example.org",
                                          "http://login.example.org",
                                          "http://127.0.0.1.example.org/",
                                          "ftp://login.example.org",
                                          "javascript:alert(1)",
                                          "file:///etc/passwd",
                                          "data:text/html,x",
                                          "https://",
                                          "https://user@login.example.org",
                                          "https://user:secret@login.example.org",
                                          "https://login.example.org/#x",
                                          "https://login.example.org/a b",
                                          "https://login.example.org/\"><script>",
                                          "https://login.example.org/\r\nX: y",
                                          " https://login.example.org"};

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                if (!openid_url_is_good(good[i]))
                        fail_msg("%s is refused", good[i]);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (openid_url_is_good(bad[i]))
                        fail_msg("%s is taken", bad[i]);
}

static const struct openid_options options = {.issuer = ISSUER,
                                              .client_id = CLIENT,
                                              .client_secret = "hush",
                                              .scopes = "openid email",
                                              .claim = "email",
                                              .verified = "email_verified"};

static json_t *good_document(void)
{
        return json_pack("{s:s, s:s, s:s, s:s}", "issuer", ISSUER, "authorization_endpoint",
                         ISSUER "/authorize", "token_endpoint", ISSUER "/token", "jwks_uri", ISSUER "/keys");
}

static void takes_a_document(void **state)
{
        struct openid_provider provider;
        json_t *document = good_document();
        struct err err = {0};

        (void)state;
        assert_int_equal(openid_provider_init(&provider, &options, NULL, &err), 0);
        assert_int_equal(openid_provider_take(&provider, document, &err), 0);
        assert_string_equal(provider.authorization_url, ISSUER "/authorize");
        assert_null(provider.userinfo_url);
        assert_int_equal(provider.auth, OPENID_AUTH_BASIC);
        json_object_set_new(document, "token_endpoint_auth_methods_supported",
                            json_pack("[s]", "client_secret_post"));
        json_object_set_new(document, "code_challenge_methods_supported",
                            json_pack("[s, s]", "plain", "S256"));
        json_object_set_new(document, "authorization_response_iss_parameter_supported", json_true());
        assert_int_equal(openid_provider_take(&provider, document, &err), 0);
        assert_int_equal(provider.auth, OPENID_AUTH_POST);
        assert_true(provider.names_itself);
        json_decref(document);
        openid_provider_fini(&provider);
}

static void refuses_documents(void **state)
{
        static const struct {
                const char *name, *value, *words;
        } cases[] = {
            {"issuer", "\"https://login.example.org/other\"", "another issuer"},
            {"issuer", "\"https://login.example.org/{tenantid}\"", "another issuer"},
            {"issuer", "null", "another issuer"},
            {"authorization_endpoint", "\"javascript:alert(1)\"", "authorization_endpoint"},
            {"authorization_endpoint", "\"http://login.example.org/\"", "authorization_endpoint"},
            {"token_endpoint", "\"file:///etc/passwd\"", "token_endpoint"},
            {"token_endpoint", "7", "token_endpoint"},
            {"userinfo_endpoint", "\"http://login.example.org/\"", "userinfo_endpoint"},
            {"jwks_uri", "\"\"", "jwks_uri"},
            {"code_challenge_methods_supported", "[\"plain\"]", "PKCE"},
            {"response_types_supported", "[\"token\"]", "authorization code"},
            {"token_endpoint_auth_methods_supported", "[\"private_key_jwt\"]", "client_secret_basic"},
        };
        struct openid_provider provider;
        struct err err = {0};
        json_t *document;

        (void)state;
        assert_int_equal(openid_provider_init(&provider, &options, NULL, &err), 0);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                document = good_document();
                json_object_set_new(document, cases[i].name,
                                    json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
                assert_refused(openid_provider_take(&provider, document, &err), &err, cases[i].words);
                assert_null(provider.token_url); /* all or nothing */
                json_decref(document);
        }
        openid_provider_fini(&provider);
}

static void draws_secrets(void **state)
{
        char one[OPENID_SECRET_SIZE], two[OPENID_SECRET_SIZE];
        struct err err = {0};

        (void)state;
        assert_int_equal(openid_draw(one, &err), 0);
        assert_int_equal(openid_draw(two, &err), 0);
        assert_string_not_equal(one, two);
        assert_true(openid_is_secret(one));
        one[42] = '\0';
        assert_false(openid_is_secret(one));
        assert_false(openid_is_secret(""));
        two[3] = '=';
        assert_false(openid_is_secret(two));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(takes_the_three_algorithms),
            cmocka_unit_test(refuses_tokens_without_a_signature),
            cmocka_unit_test(refuses_hmac_with_the_public_key),
            cmocka_unit_test(refuses_other_headers),
            cmocka_unit_test(refuses_keys_that_are_for_something_else),
            cmocka_unit_test(refuses_keys_that_are_none),
            cmocka_unit_test(refuses_an_invalid_point),
            cmocka_unit_test(refuses_what_is_not_for_us),
            cmocka_unit_test(takes_what_is_for_us),
            cmocka_unit_test(keeps_to_the_clock),
            cmocka_unit_test(refuses_what_is_no_token),
            cmocka_unit_test(refuses_a_token_that_was_touched),
            cmocka_unit_test(refuses_what_is_huge),
            cmocka_unit_test(refuses_odd_signatures),
            cmocka_unit_test(reads_base64_strictly),
            cmocka_unit_test(knows_which_addresses_it_may_use),
            cmocka_unit_test(takes_a_document),
            cmocka_unit_test(refuses_documents),
            cmocka_unit_test(draws_secrets),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
