#include "deliver/transfer.h"
#include "deliver/retry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER_VALUE_MAX 128 /* bytes kept of Retry-After and Date */
#define CONNECT_TIMEOUT_MS 5000L

int transfer_new(struct transfer **ret_transfer, struct err *err)
{
        struct transfer *transfer = calloc(1, sizeof *transfer);

        if (transfer)
                transfer->easy = curl_easy_init();
        if (!transfer || !transfer->easy) {
                free(transfer);
                return err_set(err, ERR_NOMEM, "courier: out of memory");
        }
        buf_init(&transfer->answer, PROVIDER_ANSWER_MAX_BYTES);
        *ret_transfer = transfer;
        return 0;
}

void transfer_reset(struct transfer *transfer)
{
        message_fini(&transfer->message);
        provider_request_fini(&transfer->request);
        curl_slist_free_all(transfer->headers);
        transfer->headers = NULL;
        buf_cut(&transfer->answer, 0);
        free(TAKE(transfer->date));
        free(TAKE(transfer->retry_after));
        free(TAKE(transfer->id));
        transfer->begun = 0;
        transfer->is_question = false;
        transfer->is_bad_address = false;
        transfer->read = 0;
}

struct transfer *transfer_free(struct transfer *transfer)
{
        if (!transfer)
                return NULL;
        curl_easy_cleanup(transfer->easy);
        transfer_reset(transfer);
        buf_fini(&transfer->answer);
        free(transfer);
        return NULL;
}

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
        struct transfer *transfer = context;

        /* Past the maximum curl ends the transfer; the status line has come by then. */
        return buf_add(&transfer->answer, data, size * count) < 0 ? 0 : size * count;
}

static void keep_header(const char *line, size_t length, const char *name, char **value)
{
        size_t skip = strlen(name);

        if (length <= skip || line[skip] != ':' || strncasecmp(line, name, skip) != 0)
                return;
        skip++;
        while (skip < length && line[skip] == ' ')
                skip++;
        while (length > skip && (unsigned char)line[length - 1] <= ' ')
                length--;
        free(*value);
        *value = length - skip < HEADER_VALUE_MAX ? strndup(line + skip, length - skip) : NULL;
}

/* RFC 3463: no such mailbox or domain, moved away, takes no mail, closed. A refusal without such a code, or
 * for another reason (5.7.1: policy), says nothing of the address. */
static bool is_bad_address(const char *line, size_t length)
{
        static const char *const codes[] = {"5.1.1 ", "5.1.2 ", "5.1.3 ", "5.1.6 ", "5.1.10 ", "5.2.1 "};

        if (length < 4 || line[0] != '5' || (line[3] != ' ' && line[3] != '-'))
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
                if (length > 4 + strlen(codes[i]) && memcmp(line + 4, codes[i], strlen(codes[i])) == 0)
                        return true;
        return false;
}

static size_t take_header(char *line, size_t size, size_t count, void *context)
{
        struct transfer *transfer = context;
        const char *id = provider_id_header(transfer->provider);

        if (provider_is_smtp(transfer->provider)) {
                transfer->is_bad_address = transfer->is_bad_address || is_bad_address(line, size * count);
                return size * count;
        }
        keep_header(line, size * count, "retry-after", &transfer->retry_after);
        keep_header(line, size * count, "date", &transfer->date);
        if (id)
                keep_header(line, size * count, id, &transfer->id);
        return size * count;
}

/* An e-mail's bytes, for SMTP. */
static size_t give_body(char *data, size_t size, size_t count, void *context)
{
        struct transfer *transfer = context;
        size_t left = transfer->request.body_length - transfer->read, length = size * count;

        if (length > left)
                length = left;
        memcpy(data, transfer->request.body + transfer->read, length);
        transfer->read += length;
        return length;
}

/* Called before each sending. curl repeats a request by itself when a kept connection dies without an answer;
 * the first try may have arrived, so only a provider that knows our key may see it again. */
static int before_request(void *context, char *to_address, char *from_address, int to_port, int from_port)
{
        struct transfer *transfer = context;
        int64_t seconds;

        (void)to_address;
        (void)from_address;
        (void)to_port;
        (void)from_port;
        if (transfer->begun && !transfer->is_question &&
            !provider_is_idempotent(transfer->provider, &seconds))
                return CURL_PREREQFUNC_ABORT;
        transfer->begun++;
        return CURL_PREREQFUNC_OK;
}

static int set_headers(struct transfer *transfer, struct err *err)
{
        struct curl_slist *grown;

        /* curl 7.88 would sign the empty header and then not send it. It asks for leave only before bodies of
         * a megabyte, and ours are smaller. */
        if (!transfer->request.sigv4) {
                transfer->headers = curl_slist_append(NULL, "Expect:");
                if (!transfer->headers)
                        return err_set(err, ERR_NOMEM, "courier: out of memory");
        }
        for (int i = 0; i < transfer->request.header_count; i++) {
                grown = curl_slist_append(transfer->headers, transfer->request.headers[i]);
                if (!grown)
                        return err_set(err, ERR_NOMEM, "courier: out of memory");
                transfer->headers = grown;
        }
        return 0;
}

/* An option that is not set for want of memory could send the request without its signature: the first
 * failure sticks, and nothing is sent. */
#define SET(transfer, option, value)                                                         \
        do {                                                                                 \
                if ((transfer)->set == CURLE_OK)                                             \
                        (transfer)->set = curl_easy_setopt((transfer)->easy, option, value); \
        } while (0)

static void set_common(struct transfer *transfer, int timeout_ms)
{
        const struct provider_request *request = &transfer->request;
        const char *ca_file = provider_ca_file(transfer->provider);

        transfer->set = CURLE_OK;
        curl_easy_reset(transfer->easy); /* options alone: connections and caches stay */
        SET(transfer, CURLOPT_URL, request->url);
        SET(transfer, CURLOPT_NOSIGNAL, 1L);
        SET(transfer, CURLOPT_CONNECTTIMEOUT_MS,
            timeout_ms < CONNECT_TIMEOUT_MS ? (long)timeout_ms : CONNECT_TIMEOUT_MS);
        SET(transfer, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
        SET(transfer, CURLOPT_PRIVATE, transfer);
        SET(transfer, CURLOPT_WRITEFUNCTION, take_body);
        SET(transfer, CURLOPT_WRITEDATA, transfer);
        SET(transfer, CURLOPT_PREREQFUNCTION, before_request);
        SET(transfer, CURLOPT_PREREQDATA, transfer);
        if (request->is_loopback)
                SET(transfer, CURLOPT_PROXY, "");
        if (ca_file)
                SET(transfer, CURLOPT_CAINFO, ca_file);
        if (request->user) {
                SET(transfer, CURLOPT_USERNAME, request->user);
                SET(transfer, CURLOPT_PASSWORD, request->password);
        }
}

static void set_http(struct transfer *transfer)
{
        const struct provider_request *request = &transfer->request;

        SET(transfer, CURLOPT_PROTOCOLS_STR, "http,https");
        SET(transfer, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        SET(transfer, CURLOPT_USERAGENT, "Kapula");
        SET(transfer, CURLOPT_HTTPHEADER, transfer->headers);
        SET(transfer, CURLOPT_HEADERFUNCTION, take_header);
        SET(transfer, CURLOPT_HEADERDATA, transfer);
        if (request->body) {
                SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
                SET(transfer, CURLOPT_POSTFIELDS, request->body);
                SET(transfer, CURLOPT_CUSTOMREQUEST, request->method);
        }
        if (request->sigv4)
                SET(transfer, CURLOPT_AWS_SIGV4, request->sigv4);
        else if (request->user)
                SET(transfer, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
}

/* TLS or nothing, unless the file says otherwise: the password and the message would be read on the way. */
static int set_smtp(struct transfer *transfer, struct err *err)
{
        const struct provider_request *request = &transfer->request;

        transfer->headers = curl_slist_append(NULL, request->mail_to);
        if (!transfer->headers)
                return err_set(err, ERR_NOMEM, "courier: out of memory");
        SET(transfer, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        SET(transfer, CURLOPT_USE_SSL,
            (long)(provider_is_insecure(transfer->provider) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
        SET(transfer, CURLOPT_MAIL_FROM, request->mail_from);
        SET(transfer, CURLOPT_MAIL_RCPT, transfer->headers);
        SET(transfer, CURLOPT_HEADERFUNCTION, take_header); /* the server's replies */
        SET(transfer, CURLOPT_HEADERDATA, transfer);
        SET(transfer, CURLOPT_UPLOAD, 1L);
        SET(transfer, CURLOPT_READFUNCTION, give_body);
        SET(transfer, CURLOPT_READDATA, transfer);
        SET(transfer, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_length);
        return 0;
}

/* With the request made: the handle. */
static int prepare(struct transfer *transfer, int timeout_ms, struct err *err)
{
        int r;

        set_common(transfer, timeout_ms);
        if (provider_is_smtp(transfer->provider)) {
                r = set_smtp(transfer, err);
        } else {
                r = set_headers(transfer, err);
                if (r == 0)
                        set_http(transfer);
        }
        if (r == 0 && transfer->set != CURLE_OK)
                r = err_set(err, transfer->set == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_IO, "courier: %s",
                            curl_easy_strerror(transfer->set));
        return r;
}

int transfer_start(struct transfer *transfer, const struct provider *provider, struct message *message,
                   const char *uid, int timeout_ms, struct err *err)
{
        int r;

        transfer->provider = provider;
        transfer->message = *message;
        *message = (struct message){0};
        r = provider_request(provider, &transfer->message, uid, &transfer->request, err);
        return r < 0 ? r : prepare(transfer, timeout_ms, err);
}

int transfer_ask(struct transfer *transfer, const struct provider *provider, struct message *message,
                 const char *uid, int timeout_ms, struct err *err)
{
        int r;

        transfer->provider = provider;
        transfer->message = *message;
        transfer->is_question = true;
        *message = (struct message){0};
        r = provider_question(provider, &transfer->message, uid, transfer->message.provider_id,
                              &transfer->request, err);
        return r < 0 ? r : prepare(transfer, timeout_ms, err);
}

void transfer_told(struct transfer *transfer, CURLcode result, struct provider_told *ret_told)
{
        long status = 0;

        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        if (result != CURLE_OK)
                *ret_told = (struct provider_told){.standing = STANDING_UNCLEAR};
        else
                provider_told(transfer->provider, (int)status, buf_text(&transfer->answer),
                              transfer->answer.length, ret_told);
}

/* A server that has not seen the end of the message has not taken it. Refusals of login and TLS are faults of
 * our configuration, not of the message. */
static void smtp_outcome(struct transfer *transfer, CURLcode result, int status,
                         struct message_outcome *outcome)
{
        bool is_whole = transfer->read >= transfer->request.body_length,
             is_refused = status >= 400 && status <= 599;
        struct provider_answer answer;

        if (result == CURLE_OK || (is_refused && result != CURLE_LOGIN_DENIED)) {
                provider_answer(transfer->provider, status, "", 0, NULL, &answer);
                outcome->outcome = answer.outcome;
                outcome->is_bad_address = answer.outcome == ATTEMPT_REJECTED && transfer->is_bad_address;
                outcome->status = status;
                memcpy(outcome->detail, answer.detail, sizeof outcome->detail);
        } else {
                outcome->outcome = is_whole ? ATTEMPT_UNKNOWN : ATTEMPT_RETRY;
                snprintf(outcome->detail, sizeof outcome->detail, "%s", curl_easy_strerror(result));
        }
}

void transfer_outcome(struct transfer *transfer, CURLcode result, int64_t now_utc,
                      struct message_outcome *ret_outcome, int64_t *ret_retry_after)
{
        struct message_outcome outcome = {.message = transfer->message.id,
                                          .attempt = transfer->message.attempt};
        long status = 0, sent_bytes = 0;
        struct provider_answer answer;

        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
        snprintf(outcome.provider, sizeof outcome.provider, "%s", provider_name(transfer->provider));
        *ret_retry_after = -1;
        if (provider_is_smtp(transfer->provider)) {
                smtp_outcome(transfer, result, (int)status, &outcome);
        } else if (status >= 200) {
                /* An answer that broke off or is too long is read by its status alone. */
                provider_answer(transfer->provider, (int)status, buf_text(&transfer->answer),
                                result == CURLE_OK ? transfer->answer.length : 0, transfer->id, &answer);
                outcome.outcome = answer.outcome;
                outcome.is_bad_address = answer.is_bad_address;
                outcome.status = (int)status;
                memcpy(outcome.detail, answer.detail, sizeof outcome.detail);
                memcpy(outcome.provider_id, answer.id, sizeof outcome.provider_id);
                if (transfer->retry_after)
                        *ret_retry_after =
                            retry_after_seconds(transfer->retry_after, transfer->date, now_utc);
        } else {
                outcome.outcome = transfer->begun && sent_bytes > 0 ? ATTEMPT_UNKNOWN : ATTEMPT_RETRY;
                snprintf(outcome.detail, sizeof outcome.detail, "%s",
                         transfer->begun && result == CURLE_ABORTED_BY_CALLBACK
                             ? "the connection broke after the request"
                             : curl_easy_strerror(result));
        }
        *ret_outcome = outcome;
}
