#include "deliver/transfer.h"
#include "deliver/retry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADER_VALUE_MAX 128 /* bytes, with the NUL, of a header that is read */
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
        buf_cut(&transfer->answer, 0);
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
        free(transfer->url);
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

/* The replies of an SMTP server. */
static size_t take_reply(char *line, size_t size, size_t count, void *context)
{
        struct transfer *transfer = context;

        transfer->is_bad_address = transfer->is_bad_address || is_bad_address(line, size * count);
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

static struct curl_slist *link_headers(struct transfer *transfer)
{
        static char no_expect[] = "Expect:";
        struct curl_slist *headers = transfer->headers;
        int count = 0;

        /* curl 7.88 would sign the empty header and then not send it. It asks for leave only before bodies of
         * a megabyte, and ours are smaller. */
        if (!transfer->request.sigv4)
                headers[count++].data = no_expect;
        for (int i = 0; i < transfer->request.header_count; i++)
                headers[count++].data = transfer->request.headers[i];
        for (int i = 0; i < count; i++)
                headers[i].next = i + 1 < count ? &headers[i + 1] : NULL;
        return count ? headers : NULL;
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

        curl_easy_reset(transfer->easy); /* options alone: connections and caches stay */
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
        if (request->body) {
                SET(transfer, CURLOPT_POST, 1L);
                if (strcmp(request->method, "POST") != 0)
                        SET(transfer, CURLOPT_CUSTOMREQUEST, request->method);
        }
        if (request->sigv4)
                SET(transfer, CURLOPT_AWS_SIGV4, request->sigv4);
        else if (request->user)
                SET(transfer, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
}

/* TLS or nothing, unless the file says otherwise: the password and the message would be read on the way. */
static void set_smtp(struct transfer *transfer)
{
        SET(transfer, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
        SET(transfer, CURLOPT_USE_SSL,
            (long)(provider_is_insecure(transfer->provider) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
        SET(transfer, CURLOPT_HEADERFUNCTION, take_reply);
        SET(transfer, CURLOPT_HEADERDATA, transfer);
        SET(transfer, CURLOPT_UPLOAD, 1L);
        SET(transfer, CURLOPT_READFUNCTION, give_body);
        SET(transfer, CURLOPT_READDATA, transfer);
}

/* What is the same for all messages of the provider: most of what there is to set, so a handle that sent one
 * keeps it for the next. */
static void set_up(struct transfer *transfer, int timeout_ms)
{
        free(TAKE(transfer->url));
        set_common(transfer, timeout_ms);
        if (provider_is_smtp(transfer->provider))
                set_smtp(transfer);
        else
                set_http(transfer);
        transfer->timeout_ms = timeout_ms;
}

static void set_url(struct transfer *transfer)
{
        char *url = transfer->request.url;

        if (transfer->url && strcmp(transfer->url, url) == 0)
                return;
        SET(transfer, CURLOPT_URL, url);
        free(transfer->url);
        transfer->url = url;
        transfer->request.url = NULL;
}

/* What is this message's alone. */
static void set_message(struct transfer *transfer)
{
        const struct provider_request *request = &transfer->request;

        set_url(transfer);
        if (provider_is_smtp(transfer->provider)) {
                transfer->headers[0] = (struct curl_slist){.data = request->envelope_to};
                SET(transfer, CURLOPT_MAIL_FROM, request->mail_from);
                SET(transfer, CURLOPT_MAIL_RCPT, transfer->headers);
                SET(transfer, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_length);
                return;
        }
        SET(transfer, CURLOPT_HTTPHEADER, link_headers(transfer));
        if (request->body) {
                SET(transfer, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
                SET(transfer, CURLOPT_POSTFIELDS, request->body);
        }
}

/* With the request made: the handle. One that was set up for questions, or not to the end, is no use for the
 * next. */
static int prepare(struct transfer *transfer, int timeout_ms, struct err *err)
{
        bool is_ready = transfer->ready_for == transfer->provider && transfer->timeout_ms == timeout_ms &&
                        !transfer->is_question;

        transfer->set = CURLE_OK;
        transfer->ready_for = NULL;
        if (!is_ready)
                set_up(transfer, timeout_ms);
        set_message(transfer);
        if (transfer->set != CURLE_OK)
                return err_set(err, transfer->set == CURLE_OUT_OF_MEMORY ? ERR_NOMEM : ERR_IO, "courier: %s",
                               curl_easy_strerror(transfer->set));
        if (!transfer->is_question)
                transfer->ready_for = transfer->provider;
        return 0;
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

/* The answer's header of that name; NULL: there is none, or it is too long to be one of ours. */
static const char *answer_header(struct transfer *transfer, const char *name)
{
        struct curl_header *header;

        if (!name || curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
            strlen(header->value) >= HEADER_VALUE_MAX)
                return NULL;
        return header->value;
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

/* A header that curl lends lasts until the next is asked for. */
static int64_t read_retry_after(struct transfer *transfer, const char *value, int64_t now_utc)
{
        char wait[HEADER_VALUE_MAX];

        snprintf(wait, sizeof wait, "%s", value);
        return retry_after_seconds(wait, answer_header(transfer, "Date"), now_utc);
}

void transfer_outcome(struct transfer *transfer, CURLcode result, int64_t now_utc,
                      struct message_outcome *ret_outcome, int64_t *ret_retry_after)
{
        struct message_outcome outcome = {.message = transfer->message.id,
                                          .attempt = transfer->message.attempt};
        long status = 0, sent_bytes = 0;
        const char *retry_after = NULL;
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
                                result == CURLE_OK ? transfer->answer.length : 0,
                                answer_header(transfer, provider_id_header(transfer->provider)), &answer);
                outcome.outcome = answer.outcome;
                outcome.is_bad_address = answer.is_bad_address;
                outcome.status = (int)status;
                memcpy(outcome.detail, answer.detail, sizeof outcome.detail);
                memcpy(outcome.provider_id, answer.id, sizeof outcome.provider_id);
                if (answer.outcome != ATTEMPT_ACCEPTED)
                        retry_after = answer_header(transfer, "Retry-After");
                if (retry_after)
                        *ret_retry_after = read_retry_after(transfer, retry_after, now_utc);
        } else {
                outcome.outcome = transfer->begun && sent_bytes > 0 ? ATTEMPT_UNKNOWN : ATTEMPT_RETRY;
                snprintf(outcome.detail, sizeof outcome.detail, "%s",
                         transfer->begun && result == CURLE_ABORTED_BY_CALLBACK
                             ? "the connection broke after the request"
                             : curl_easy_strerror(result));
        }
        *ret_outcome = outcome;
}
