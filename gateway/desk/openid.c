#include "desk/openid.h"
#include "base/buf.h"
#include "base/log.h"
#include "desk/openid_provider.h"
#include "desk/openid_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#define SECRET_BYTES 32

struct openid {
        const struct openid_options *options;
        const struct clock *clock;
        struct openid_provider provider; /* the thread's, and what follows */
        int64_t read_ms, fault_ms;       /* when it was last read, and last did not answer; 0: never */
        int64_t keys_ms;                 /* when a key that was not known was last looked for */
        struct err fault;

        pthread_t thread;
        atomic_bool stopping;
        pthread_mutex_t mutex; /* guards what follows */
        pthread_cond_t wake;
        struct openid_job *first, **last;
        int waiting;
        bool is_stopped;
};

/* ---- secrets */

int openid_draw(char ret_secret[static OPENID_SECRET_SIZE], struct err *err)
{
        uint8_t bytes[SECRET_BYTES];

        if (RAND_bytes(bytes, sizeof bytes) != 1)
                return err_set(err, ERR_IO, "OpenID: no random numbers: try again");
        openid_base64_encode(bytes, sizeof bytes, ret_secret);
        return 0;
}

bool openid_is_secret(const char *text)
{
        uint8_t bytes[SECRET_BYTES];

        return strnlen(text, OPENID_SECRET_SIZE) == OPENID_SECRET_SIZE - 1 &&
               openid_base64_decode(text, OPENID_SECRET_SIZE - 1, bytes, sizeof bytes) == SECRET_BYTES;
}

/* What the job's secret makes of PURPOSE and its state: the verifier of PKCE and the nonce need not be kept.
 */
static int derive(const struct openid_job *job, const char *purpose, char ret_text[static OPENID_SECRET_SIZE],
                  struct err *err)
{
        uint8_t mac[EVP_MAX_MD_SIZE];
        unsigned length = sizeof mac;
        struct buf seed;
        bool good;

        buf_init(&seed, 2 * OPENID_SECRET_SIZE);
        buf_addf(&seed, "%s\n%s", purpose, job->state);
        good = buf_error(&seed) == 0 && HMAC(EVP_sha256(), job->secret, (int)strlen(job->secret),
                                             (const uint8_t *)buf_text(&seed), seed.length, mac, &length);
        buf_fini(&seed);
        if (!good || length != SECRET_BYTES)
                return err_set(err, ERR_IO, "OpenID: HMAC failed: try again");
        openid_base64_encode(mac, SECRET_BYTES, ret_text);
        return 0;
}

/* ---- the provider's document and keys */

static bool is_older(int64_t at_ms, int64_t seconds)
{
        return !at_ms || clock_monotonic_ms() - at_ms >= seconds * 1000;
}

static int know_provider(struct openid *openid, struct err *err)
{
        bool is_known = openid->provider.keys != NULL;
        int r;

        if (is_known && !is_older(openid->read_ms, OPENID_LIFE_S))
                return 0;
        if (!is_older(openid->fault_ms, OPENID_FAULT_PAUSE_S)) {
                if (is_known)
                        return 0;
                *err = openid->fault;
                return err->code;
        }
        r = openid_provider_read(&openid->provider, err);
        if (r < 0) {
                openid->fault_ms = clock_monotonic_ms();
                openid->fault = *err;
                if (!is_known)
                        return r;
                log_warning("desk", "%s; what it said before is still used", err->text);
                return 0;
        }
        openid->read_ms = clock_monotonic_ms();
        return 0;
}

/* ---- begin */

static int begin(struct openid *openid, struct openid_job *job, struct err *err)
{
        struct openid_provider *provider = &openid->provider;
        char verifier[OPENID_SECRET_SIZE], nonce[OPENID_SECRET_SIZE], challenge[OPENID_SECRET_SIZE];
        uint8_t hash[SECRET_BYTES];
        struct buf url;
        int r = derive(job, "verifier", verifier, err);

        if (r == 0)
                r = derive(job, "nonce", nonce, err);
        if (r == 0 && EVP_Digest(verifier, strlen(verifier), hash, NULL, EVP_sha256(), NULL) != 1)
                r = err_set(err, ERR_IO, "OpenID: SHA-256 failed: try again");
        if (r < 0)
                return r;
        openid_base64_encode(hash, sizeof hash, challenge);
        buf_init(&url, sizeof job->url - 1);
        buf_adds(&url, provider->authorization_url);
        if (!strchr(provider->authorization_url, '?'))
                buf_addc(&url, '?');
        openid_provider_add(provider, &url, "response_type", "code");
        openid_provider_add(provider, &url, "client_id", openid->options->client_id);
        openid_provider_add(provider, &url, "redirect_uri", job->redirect_uri);
        openid_provider_add(provider, &url, "scope", openid->options->scopes);
        openid_provider_add(provider, &url, "state", job->state);
        openid_provider_add(provider, &url, "nonce", nonce);
        openid_provider_add(provider, &url, "code_challenge", challenge);
        openid_provider_add(provider, &url, "code_challenge_method", "S256");
        if (openid->options->prompt)
                openid_provider_add(provider, &url, "prompt", openid->options->prompt);
        if (job->language[0])
                openid_provider_add(provider, &url, "ui_locales", job->language);
        if (buf_error(&url) < 0)
                r = err_set(err, buf_error(&url) == ERR_LIMIT ? ERR_INVALID : ERR_NOMEM,
                            "OpenID: the provider's address is over %d bytes: shorten client_id or scopes",
                            OPENID_URL_MAX);
        else
                memcpy(job->url, buf_text(&url), url.length + 1);
        buf_fini(&url);
        return r;
}

/* ---- finish */

static int check_issuer(const struct openid *openid, const struct openid_job *job, struct err *err)
{
        bool is_given = job->issuer[0];

        if (is_given ? strcmp(job->issuer, openid->options->issuer) != 0 : openid->provider.names_itself)
                return err_set(err, ERR_INVALID, "OpenID: the answer is another issuer's: sign in again");
        return 0;
}

/* A key that is not known may be new: providers change theirs. */
static int read_token(struct openid *openid, const char *token, const struct openid_expected *expected,
                      json_t **ret_claims, struct err *err)
{
        int r = openid_token_read(token, openid->provider.keys, expected, ret_claims, err);

        if (r == OPENID_TOKEN_KEY_UNKNOWN && is_older(openid->keys_ms, OPENID_KEYS_PAUSE_S)) {
                openid->keys_ms = clock_monotonic_ms();
                r = openid_provider_read_keys(&openid->provider, err);
                if (r == 0)
                        r = openid_token_read(token, openid->provider.keys, expected, ret_claims, err);
        }
        return r == OPENID_TOKEN_KEY_UNKNOWN
                   ? err_set(err, ERR_INVALID,
                             "OpenID token: its key is not in its issuer's set: sign in again")
                   : r;
}

/* Some write it as a text or a number. */
static bool is_true(const json_t *claim)
{
        const char *text = json_string_value(claim);

        return json_is_true(claim) || (json_is_integer(claim) && json_integer_value(claim) == 1) ||
               (text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0));
}

static bool is_clean(const char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text <= ' ' || *text == 0x7f)
                        return false;
        return true;
}

static int take_claim(const struct openid *openid, struct openid_job *job, const json_t *claims)
{
        const char *verified = openid->options->verified,
                   *value = json_string_value(json_object_get(claims, openid->options->claim));
        size_t length = value ? strlen(value) : 0;

        if (!length || length >= sizeof job->value || !is_clean(value) ||
            (verified && !is_true(json_object_get(claims, verified))))
                return OPENID_UNVERIFIED;
        memcpy(job->value, value, length + 1);
        return 0;
}

/* What a token leaves out, the user info tells (OpenID Connect Core 5.4); of the same subject alone. */
static int ask_userinfo(struct openid *openid, struct openid_job *job, const json_t *claims,
                        const char *access, struct err *err)
{
        const json_t *subject = json_object_get(claims, "sub");
        json_t *told = NULL;
        int r = openid_provider_userinfo(&openid->provider, access, &told, err);

        if (r == 0 && !json_equal(json_object_get(told, "sub"), subject))
                r = err_set(err, ERR_INVALID, "OpenID: the user info is somebody else's: sign in again");
        if (r == 0)
                r = take_claim(openid, job, told);
        json_decref(told);
        return r;
}

static int finish(struct openid *openid, struct openid_job *job, struct err *err)
{
        struct openid_expected expected = {.issuer = openid->options->issuer,
                                           .client_id = openid->options->client_id};
        char verifier[OPENID_SECRET_SIZE], nonce[OPENID_SECRET_SIZE];
        json_t *answer = NULL, *claims = NULL;
        int r = check_issuer(openid, job, err);

        if (r == 0)
                r = derive(job, "verifier", verifier, err);
        if (r == 0)
                r = derive(job, "nonce", nonce, err);
        if (r == 0)
                r = openid_provider_exchange(&openid->provider, job->code, job->redirect_uri, verifier,
                                             &answer, err);
        if (r < 0)
                return r;
        expected.nonce = nonce;
        expected.now_utc = clock_now_utc(openid->clock);
        expected.access_token = json_string_value(json_object_get(answer, "access_token"));
        r = read_token(openid, json_string_value(json_object_get(answer, "id_token")), &expected, &claims,
                       err);
        if (r == 0)
                r = take_claim(openid, job, claims);
        if (r == OPENID_UNVERIFIED && !json_object_get(claims, openid->options->claim) &&
            expected.access_token && openid->provider.userinfo_url)
                r = ask_userinfo(openid, job, claims, expected.access_token, err);
        json_decref(claims);
        json_decref(answer);
        return r;
}

/* ---- the thread */

static int run_job(struct openid *openid, struct openid_job *job, struct err *err)
{
        int r;

        if (clock_monotonic_ms() - job->submitted_ms > OPENID_WAIT_MAX_MS)
                return err_set(err, ERR_BUSY, "OpenID: the provider is slow: try again");
        r = know_provider(openid, err);
        if (r < 0)
                return r;
        return job->step == OPENID_BEGIN ? begin(openid, job, err) : finish(openid, job, err);
}

static struct openid_job *take_job(struct openid *openid)
{
        struct openid_job *job = openid->first;

        if (!job)
                return NULL;
        openid->first = job->next;
        if (!openid->first)
                openid->last = &openid->first;
        openid->waiting--;
        return job;
}

static void *run_thread(void *context)
{
        struct openid *openid = context;
        struct openid_job *job;

        pthread_mutex_lock(&openid->mutex);
        while (!openid->is_stopped) {
                struct err err = {0};
                int r;

                job = take_job(openid);
                if (!job) {
                        pthread_cond_wait(&openid->wake, &openid->mutex);
                        continue;
                }
                pthread_mutex_unlock(&openid->mutex);
                r = run_job(openid, job, &err);
                job->done(job, r, &err);
                pthread_mutex_lock(&openid->mutex);
        }
        pthread_mutex_unlock(&openid->mutex);
        return NULL;
}

int openid_submit(struct openid *openid, struct openid_job *job)
{
        int r = 0;

        job->next = NULL;
        job->submitted_ms = clock_monotonic_ms();
        pthread_mutex_lock(&openid->mutex);
        if (openid->is_stopped || openid->waiting == OPENID_QUEUE_MAX)
                r = ERR_BUSY;
        else {
                *openid->last = job;
                openid->last = &job->next;
                openid->waiting++;
                pthread_cond_signal(&openid->wake);
        }
        pthread_mutex_unlock(&openid->mutex);
        return r;
}

int openid_open(const struct openid_options *options, const struct clock *clock, struct openid **ret_openid,
                struct err *err)
{
        struct openid *openid = calloc(1, sizeof *openid);
        int r;

        if (!openid)
                return err_set(err, ERR_NOMEM, "OpenID: out of memory");
        openid->options = options;
        openid->clock = clock;
        openid->last = &openid->first;
        atomic_init(&openid->stopping, false);
        pthread_mutex_init(&openid->mutex, NULL);
        pthread_cond_init(&openid->wake, NULL);
        r = openid_provider_init(&openid->provider, options, &openid->stopping, err);
        if (r == 0 && pthread_create(&openid->thread, NULL, run_thread, openid) != 0)
                r = err_set(err, ERR_IO, "OpenID: cannot start a thread: too many run");
        if (r < 0) {
                openid->is_stopped = true;
                openid_close(openid);
                return r;
        }
        *ret_openid = openid;
        return 0;
}

void openid_stop(struct openid *openid)
{
        const struct err err = {ERR_BUSY, "OpenID: the gateway stops: try again"};
        struct openid_job *job;
        bool was_stopped;

        if (!openid)
                return;
        atomic_store(&openid->stopping, true);
        pthread_mutex_lock(&openid->mutex);
        was_stopped = openid->is_stopped;
        openid->is_stopped = true;
        pthread_cond_signal(&openid->wake);
        pthread_mutex_unlock(&openid->mutex);
        if (was_stopped)
                return;
        pthread_join(openid->thread, NULL);
        while ((job = take_job(openid)))
                job->done(job, err.code, &err);
}

struct openid *openid_close(struct openid *openid)
{
        if (!openid)
                return NULL;
        openid_stop(openid);
        openid_provider_fini(&openid->provider);
        pthread_cond_destroy(&openid->wake);
        pthread_mutex_destroy(&openid->mutex);
        free(openid);
        return NULL;
}

int openid_probe(const struct openid_options *options, struct err *err)
{
        struct openid_provider provider;
        int r = openid_provider_init(&provider, options, NULL, err);

        if (r == 0)
                r = openid_provider_read(&provider, err);
        openid_provider_fini(&provider);
        return r;
}
