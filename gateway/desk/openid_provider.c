#include "desk/openid_provider.h"
#include "base/buf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REASON_MAX 41 /* bytes of an error code that a provider tells, with the NUL */

/* ---- addresses */

static bool is_loopback(const char *host)
{
        return strcmp(host, "127.0.0.1") == 0 || strcasecmp(host, "localhost") == 0 ||
               strcmp(host, "[::1]") == 0;
}

/* 1 or 0; RET_HOST is curl's. */
static bool parse(CURLU *url, const char *text, char **ret_scheme, char **ret_host)
{
        char *part = NULL;
        bool has_more;

        if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_SCHEME, ret_scheme, 0) != CURLUE_OK ||
            curl_url_get(url, CURLUPART_HOST, ret_host, 0) != CURLUE_OK)
                return false;
        has_more = curl_url_get(url, CURLUPART_USER, &part, 0) == CURLUE_OK || strchr(text, '#');
        curl_free(part);
        return !has_more;
}

static bool is_plain(const char *text)
{
        size_t length = strnlen(text, OPENID_URL_MAX);

        for (size_t i = 0; i < length; i++)
                if (text[i] <= ' ' || text[i] > '~' || strchr("\"<>\\^`{|}", text[i]))
                        return false;
        return length < OPENID_URL_MAX;
}

bool openid_url_is_good(const char *text)
{
        char *scheme = NULL, *host = NULL;
        CURLU *url = curl_url();
        bool good = url && is_plain(text) && parse(url, text, &scheme, &host) &&
                    (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && is_loopback(host)));

        curl_free(scheme);
        curl_free(host);
        curl_url_cleanup(url);
        return good;
}

/* ---- one request */

struct request {
        const char *url;
        const char *form;   /* posted; NULL: GET */
        const char *bearer; /* NULL: none */
        bool has_secret;    /* signs in as the client, by Basic */
        struct buf body;
        long status;
};

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
        struct request *request = context;

        return buf_add(&request->body, data, size * count) < 0 ? 0 : size * count;
}

static int look_around(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
        const struct openid_provider *provider = context;

        (void)a;
        (void)b;
        (void)c;
        (void)d;
        return provider->stopping && atomic_load(provider->stopping);
}

/* The first failure sticks, and nothing is sent then. */
#define SET(code, easy, option, value)                                    \
        do {                                                              \
                if ((code) == CURLE_OK)                                   \
                        (code) = curl_easy_setopt((easy), option, value); \
        } while (0)

static CURLcode set_common(struct openid_provider *provider, struct request *request)
{
        CURL *easy = provider->easy;
        CURLcode code = CURLE_OK;

        curl_easy_reset(easy); /* options alone: connections and sessions stay */
        SET(code, easy, CURLOPT_URL, request->url);
        SET(code, easy, CURLOPT_PROTOCOLS_STR, strncmp(request->url, "https:", 6) == 0 ? "https" : "http");
        SET(code, easy, CURLOPT_FOLLOWLOCATION, 0L);
        SET(code, easy, CURLOPT_NOSIGNAL, 1L);
        SET(code, easy, CURLOPT_CONNECTTIMEOUT_MS, (long)OPENID_CONNECT_MS);
        SET(code, easy, CURLOPT_TIMEOUT_MS, (long)OPENID_TIMEOUT_MS);
        SET(code, easy, CURLOPT_USERAGENT, "Kapula");
        SET(code, easy, CURLOPT_WRITEFUNCTION, take_body);
        SET(code, easy, CURLOPT_WRITEDATA, request);
        SET(code, easy, CURLOPT_NOPROGRESS, 0L);
        SET(code, easy, CURLOPT_XFERINFOFUNCTION, look_around);
        SET(code, easy, CURLOPT_XFERINFODATA, provider);
        if (strncmp(request->url, "http:", 5) == 0) /* loopback */
                SET(code, easy, CURLOPT_PROXY, "");
        if (provider->options->ca_file)
                SET(code, easy, CURLOPT_CAINFO, provider->options->ca_file);
        if (request->form) {
                SET(code, easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->form));
                SET(code, easy, CURLOPT_POSTFIELDS, request->form);
                /* curl repeats a request when a kept connection turns out dead, and a code is good once */
                SET(code, easy, CURLOPT_FRESH_CONNECT, 1L);
        }
        return code;
}

/* RFC 6749 2.3.1: both are escaped before they are joined. */
static CURLcode set_basic(struct openid_provider *provider)
{
        const struct openid_options *options = provider->options;
        char *user = curl_easy_escape(provider->easy, options->client_id, 0),
             *password = curl_easy_escape(provider->easy, options->client_secret, 0);
        CURLcode code = user && password ? CURLE_OK : CURLE_OUT_OF_MEMORY;

        SET(code, provider->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(code, provider->easy, CURLOPT_USERNAME, user);
        SET(code, provider->easy, CURLOPT_PASSWORD, password);
        curl_free(user);
        curl_free(password);
        return code;
}

static int set_headers(const struct request *request, struct curl_slist **ret_headers, struct err *err)
{
        struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/json"), *grown = headers;
        _cleanup_(free_ptr) char *line = NULL;

        if (request->bearer) {
                if (asprintf(&line, "Authorization: Bearer %s", request->bearer) < 0)
                        line = NULL;
                grown = headers && line ? curl_slist_append(headers, line) : NULL;
        }
        if (!grown) {
                curl_slist_free_all(headers);
                return err_set(err, ERR_NOMEM, "OpenID: out of memory");
        }
        *ret_headers = grown;
        return 0;
}

static int tell_fault(const struct request *request, CURLcode code, const char *what, struct err *err)
{
        if (buf_error(&request->body) == ERR_LIMIT)
                return err_set(err, ERR_INVALID, "OpenID: %s is over %zu bytes: is `issuer` right?", what,
                               OPENID_ANSWER_MAX_BYTES);
        if (code == CURLE_OUT_OF_MEMORY || buf_error(&request->body) < 0)
                return err_set(err, ERR_NOMEM, "OpenID: out of memory");
        return err_set(err, ERR_IO, "OpenID: %s: %s: try again, and see whether the provider can be reached",
                       what, curl_easy_strerror(code));
}

/* WHAT stands for the address in errors. The status is the caller's to judge. */
static int run(struct openid_provider *provider, struct request *request, const char *what, struct err *err)
{
        struct curl_slist *headers;
        CURLcode code;
        int r = set_headers(request, &headers, err);

        if (r < 0)
                return r;
        buf_init(&request->body, OPENID_ANSWER_MAX_BYTES);
        code = set_common(provider, request);
        SET(code, provider->easy, CURLOPT_HTTPHEADER, headers);
        if (code == CURLE_OK && request->has_secret)
                code = set_basic(provider);
        if (code == CURLE_OK)
                code = curl_easy_perform(provider->easy);
        if (code == CURLE_OK)
                curl_easy_getinfo(provider->easy, CURLINFO_RESPONSE_CODE, &request->status);
        else
                r = tell_fault(request, code, what, err);
        curl_slist_free_all(headers);
        return r;
}

static json_t *read_object(const struct request *request)
{
        json_t *object =
            json_loadb(buf_text(&request->body), request->body.length, JSON_REJECT_DUPLICATES, NULL);

        if (json_is_object(object))
                return object;
        json_decref(object);
        return NULL;
}

static int get_object(struct openid_provider *provider, const char *url, const char *bearer, const char *what,
                      json_t **ret_object, struct err *err)
{
        struct request request = {.url = url, .bearer = bearer};
        int r = run(provider, &request, what, err);

        if (r == 0 && request.status != 200)
                r = err_set(err, request.status >= 500 ? ERR_IO : ERR_INVALID,
                            "OpenID: %s: HTTP status %ld: is `issuer` right?", what, request.status);
        if (r == 0) {
                *ret_object = read_object(&request);
                if (!*ret_object)
                        r = err_set(err, ERR_INVALID, "OpenID: %s is no JSON object: is `issuer` right?",
                                    what);
        }
        buf_fini(&request.body);
        return r;
}

void openid_provider_add(struct openid_provider *provider, struct buf *buf, const char *name,
                         const char *value)
{
        char *escaped = curl_easy_escape(provider->easy, value, 0);

        if (buf->length && buf->data[buf->length - 1] != '?')
                buf_addc(buf, '&');
        buf_addf(buf, "%s=%s", name, escaped ? escaped : "");
        if (!escaped && !buf->error)
                buf->error = ERR_NOMEM;
        curl_free(escaped);
}

/* ---- what it says of itself */

static const char *text_of(const json_t *object, const char *name)
{
        return json_string_value(json_object_get(object, name));
}

/* Absent lists have the default that OpenID Connect Discovery gives them. */
static bool lists(const json_t *document, const char *name, const char *value, bool otherwise)
{
        const json_t *list = json_object_get(document, name), *each;
        size_t i;

        if (!list)
                return otherwise;
        json_array_foreach(list, i, each)
        {
                if (json_is_string(each) && strcmp(json_string_value(each), value) == 0)
                        return true;
        }
        return false;
}

static int take_url(const json_t *document, const char *name, bool is_needed, char **ret_url, struct err *err)
{
        const char *url = text_of(document, name);

        if (!url && !is_needed)
                return 0;
        if (!url || !openid_url_is_good(url))
                return err_set(err, ERR_INVALID,
                               "OpenID: the discovery document's %s is no https address: ask the provider",
                               name);
        *ret_url = strdup(url);
        return *ret_url ? 0 : err_set(err, ERR_NOMEM, "OpenID: out of memory");
}

static int choose_auth(const struct openid_options *options, const json_t *document,
                       enum openid_auth *ret_auth, struct err *err)
{
        static const char name[] = "token_endpoint_auth_methods_supported";

        if (!options->client_secret)
                *ret_auth = OPENID_AUTH_NONE;
        else if (lists(document, name, "client_secret_basic", true))
                *ret_auth = OPENID_AUTH_BASIC;
        else if (lists(document, name, "client_secret_post", false))
                *ret_auth = OPENID_AUTH_POST;
        else
                return err_set(err, ERR_INVALID,
                               "OpenID: the provider takes neither client_secret_basic nor "
                               "client_secret_post: allow one of them there");
        return 0;
}

static void swap(char **a, char **b)
{
        char *kept = *a;

        *a = *b;
        *b = kept;
}

int openid_provider_take(struct openid_provider *provider, const json_t *document, struct err *err)
{
        const char *issuer = text_of(document, "issuer");
        char *urls[4] = {0};
        enum openid_auth auth = OPENID_AUTH_NONE;
        int r = 0;

        if (!issuer || strcmp(issuer, provider->options->issuer) != 0)
                r = err_set(err, ERR_INVALID,
                            "OpenID: the discovery document is another issuer's: write `issuer` "
                            "exactly as the document does");
        else if (!lists(document, "response_types_supported", "code", true) ||
                 !lists(document, "code_challenge_methods_supported", "S256", true))
                r = err_set(err, ERR_INVALID,
                            "OpenID: the provider has no authorization code flow with PKCE "
                            "(S256): allow it there");
        if (r == 0)
                r = take_url(document, "authorization_endpoint", true, &urls[0], err);
        if (r == 0)
                r = take_url(document, "token_endpoint", true, &urls[1], err);
        if (r == 0)
                r = take_url(document, "userinfo_endpoint", false, &urls[2], err);
        if (r == 0)
                r = take_url(document, "jwks_uri", true, &urls[3], err);
        if (r == 0)
                r = choose_auth(provider->options, document, &auth, err);
        if (r == 0) {
                swap(&urls[0], &provider->authorization_url);
                swap(&urls[1], &provider->token_url);
                swap(&urls[2], &provider->userinfo_url);
                swap(&urls[3], &provider->keys_url);
                provider->auth = auth;
                provider->names_itself =
                    json_is_true(json_object_get(document, "authorization_response_iss_parameter_supported"));
        }
        for (size_t i = 0; i < ARRAY_SIZE(urls); i++)
                free(urls[i]);
        return r;
}

int openid_provider_read_keys(struct openid_provider *provider, struct err *err)
{
        json_t *keys = NULL;
        int r = get_object(provider, provider->keys_url, NULL, "the provider's set of keys", &keys, err);

        if (r == 0 && !json_array_size(json_object_get(keys, "keys")))
                r = err_set(err, ERR_INVALID,
                            "OpenID: the provider's set of keys is empty: ask the provider");
        if (r < 0) {
                json_decref(keys);
                return r;
        }
        json_decref(provider->keys);
        provider->keys = keys;
        return 0;
}

int openid_provider_read(struct openid_provider *provider, struct err *err)
{
        const char *issuer = provider->options->issuer;
        size_t length = strlen(issuer);
        char url[OPENID_URL_MAX];
        json_t *document = NULL;
        int r = 0;

        if (length && issuer[length - 1] == '/')
                length--;
        if ((size_t)snprintf(url, sizeof url, "%.*s/.well-known/openid-configuration", (int)length, issuer) >=
            sizeof url)
                return err_set(err, ERR_INVALID, "OpenID: `issuer` is over %d bytes: shorten it",
                               OPENID_URL_MAX);
        r = get_object(provider, url, NULL, "the provider's discovery document", &document, err);
        if (r == 0)
                r = openid_provider_take(provider, document, err);
        json_decref(document);
        return r < 0 ? r : openid_provider_read_keys(provider, err);
}

/* ---- the code, and who it stands for */

/* An error code of OAuth is a word; whatever else stands there is not repeated. */
static void copy_reason(const json_t *answer, char ret_reason[static REASON_MAX])
{
        const char *reason = text_of(answer, "error");

        if (!reason || !*reason || strlen(reason) >= REASON_MAX ||
            reason[strspn(reason, "abcdefghijklmnopqrstuvwxyz_")])
                reason = "no reason given";
        snprintf(ret_reason, REASON_MAX, "%s", reason);
}

static int read_exchange(const struct request *request, json_t **ret_answer, struct err *err)
{
        json_t *answer = read_object(request);
        char reason[REASON_MAX];
        int r = 0;

        if (request->status >= 500)
                r = err_set(err, ERR_IO, "OpenID: the code: HTTP status %ld: try again", request->status);
        else if (request->status != 200) {
                copy_reason(answer, reason);
                r = err_set(
                    err, ERR_INVALID,
                    "OpenID: the provider refuses the code (%s): sign in again; if it comes back, see "
                    "`client_id`, its secret and its return address",
                    reason);
        } else if (!text_of(answer, "id_token"))
                r = err_set(err, ERR_INVALID,
                            "OpenID: the provider's answer to the code has no ID token: let "
                            "`scopes` hold openid");
        if (r < 0)
                json_decref(answer);
        else
                *ret_answer = answer;
        return r;
}

int openid_provider_exchange(struct openid_provider *provider, const char *code, const char *redirect_uri,
                             const char *verifier, json_t **ret_answer, struct err *err)
{
        const struct openid_options *options = provider->options;
        struct request request = {.url = provider->token_url,
                                  .has_secret = provider->auth == OPENID_AUTH_BASIC};
        struct buf form;
        int r;

        buf_init(&form, 4 * OPENID_CODE_MAX + 4 * OPENID_URL_MAX);
        openid_provider_add(provider, &form, "grant_type", "authorization_code");
        openid_provider_add(provider, &form, "code", code);
        openid_provider_add(provider, &form, "redirect_uri", redirect_uri);
        openid_provider_add(provider, &form, "code_verifier", verifier);
        if (provider->auth != OPENID_AUTH_BASIC)
                openid_provider_add(provider, &form, "client_id", options->client_id);
        if (provider->auth == OPENID_AUTH_POST)
                openid_provider_add(provider, &form, "client_secret", options->client_secret);
        request.form = buf_text(&form);
        r = buf_error(&form) < 0
                ? err_set(err, buf_error(&form), "OpenID: the code cannot be sent: sign in again")
                : run(provider, &request, "the code", err);
        if (r == 0)
                r = read_exchange(&request, ret_answer, err);
        buf_fini(&request.body);
        buf_fini(&form);
        return r;
}

int openid_provider_userinfo(struct openid_provider *provider, const char *access_token, json_t **ret_claims,
                             struct err *err)
{
        if (strlen(access_token) > OPENID_ANSWER_MAX_BYTES ||
            access_token[strcspn(access_token, "\r\n")]) /* it becomes a header */
                return err_set(err, ERR_INVALID, "OpenID: the access token is none: sign in again");
        return get_object(provider, provider->userinfo_url, access_token, "the provider's user info",
                          ret_claims, err);
}

/* ---- life */

int openid_provider_init(struct openid_provider *provider, const struct openid_options *options,
                         const atomic_bool *stopping, struct err *err)
{
        *provider = (struct openid_provider){.options = options, .stopping = stopping};
        provider->easy = curl_easy_init();
        return provider->easy ? 0 : err_set(err, ERR_NOMEM, "OpenID: out of memory");
}

void openid_provider_fini(struct openid_provider *provider)
{
        curl_easy_cleanup(provider->easy);
        free(provider->authorization_url);
        free(provider->token_url);
        free(provider->userinfo_url);
        free(provider->keys_url);
        json_decref(provider->keys);
        *provider = (struct openid_provider){0};
}
