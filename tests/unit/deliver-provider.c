/* deliver/provider and deliver/webhook: the shipped files, what a file may say, what it may not. */
#include "deliver/provider.h"
#include "deliver/webhook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define UID "0123456789abcdef"
#define NOW 1800000000

static const char *setting(void *context, const char *name)
{
        static const char *const table[][2] = {{"base_url", "https://kapula.example.org"},
                                               {"loopback_url", "http://127.0.0.1:8080"},
                                               {"SENDER", "Koulu & \"Kapula\""},
                                               {"ACCOUNT", "AC1"},
                                               {"USER", "u"},
                                               {"PASSWORD", "p{{w}}"},
                                               {"TOKEN", "t0ken"},
                                               {"SECRET", "It's a Secret to Everybody"}};

        (void)context;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (strcmp(table[i][0], name) == 0)
                        return table[i][1];
        return NULL;
}

static struct provider *parse(const char *text)
{
        struct provider *provider = NULL;
        struct err err = {0};

        if (provider_parse("p.yaml", text, strlen(text), setting, NULL, &provider, &err) < 0)
                fail_msg("%s", err.text);
        return provider;
}

static struct provider_request request_of(const struct provider *provider, const char *channel,
                                          const char *address, const char *title, const char *text)
{
        struct message message = {.id = 42,
                                  .channel = (char *)channel,
                                  .address = (char *)address,
                                  .language = (char *)"fi",
                                  .title = (char *)title,
                                  .text = (char *)text};
        struct provider_request request;
        struct err err = {0};

        if (provider_request(provider, &message, UID, &request, &err) < 0)
                fail_msg("%s", err.text);
        return request;
}

static bool has_header(const struct provider_request *request, const char *line)
{
        for (int i = 0; i < request->header_count; i++)
                if (strcmp(request->headers[i], line) == 0)
                        return true;
        return false;
}

static void ships_a_sandbox(void **state)
{
        struct provider *provider = NULL;
        struct provider_request request;
        struct provider_answer answer;
        struct err err = {0};
        int64_t seconds;

        (void)state;
        if (provider_load(SOURCE_DIR "/gateway/providers/sandbox.yaml", setting, NULL, &provider, &err) < 0)
                fail_msg("%s", err.text);
        assert_string_equal(provider_name(provider), "sandbox");
        assert_true(provider_takes(provider, "sms"));
        assert_true(provider_takes(provider, "email"));
        assert_true(provider_is_idempotent(provider, &seconds));
        assert_true(seconds == INT64_MAX);
        request = request_of(provider, "email", "aino@example.org", "Huomenna \"koulu\"", "Rivi 1\nRivi 2\\");
        assert_string_equal(request.method, "POST");
        assert_string_equal(request.url, "http://127.0.0.1:8080/sandbox/messages");
        assert_true(request.is_loopback);
        assert_string_equal(request.body,
                            "{\"channel\":\"email\",\"recipient\":\"aino@example.org\",\"title\":\"Huomenna "
                            "\\\"koulu\\\"\",\"text\":\"Rivi 1\\nRivi 2\\\\\"}");
        assert_true(has_header(&request, "Idempotency-Key: kapula-" UID "-42"));
        assert_true(has_header(&request, "Content-Type: application/json"));
        provider_request_fini(&request);
        request = request_of(provider, "sms", "+358400000010", NULL, "Hei");
        assert_string_equal(request.body,
                            "{\"channel\":\"sms\",\"recipient\":\"+358400000010\",\"text\":\"Hei\"}");
        provider_request_fini(&request);
        provider_answer(provider, 201, "{\"id\":\"77\"}", 11, NULL, &answer);
        assert_int_equal(answer.outcome, ATTEMPT_ACCEPTED);
        assert_string_equal(answer.id, "77");
        provider_free(provider);
}

static void makes_forms(void **state)
{
        struct provider *provider =
            parse("provider: form\nchannels: [sms]\nrequest:\n  url: "
                  "https://api.example.org/${ACCOUNT}/send?n={{id}}\n"
                  "  headers: {X-From: \"${SENDER}\", X-To: \"{{recipient}}\"}\n  format: form\n"
                  "  body: From=${SENDER}&To={{recipient}}&Body={{text}}\n"
                  "  auth: {basic: {user: \"${USER}\", password: \"${PASSWORD}\"}}\n"
                  "answers: [{status: 200-299, outcome: accepted}]\nrate: {per_second: 5}\nconnections: 3\n");
        struct provider_request request =
            request_of(provider, "sms", "+358400000010", NULL, "a&b=c d\xc3\xa4\n");
        int64_t seconds;

        (void)state;
        assert_string_equal(request.url, "https://api.example.org/AC1/send?n=42");
        assert_false(request.is_loopback);
        assert_string_equal(request.body, "From=Koulu%20%26%20%22Kapula%22&To=%2B358400000010&Body="
                                          "a%26b%3Dc%20d%C3%A4%0A");
        assert_true(has_header(&request, "X-From: Koulu & \"Kapula\""));
        assert_true(has_header(&request, "Content-Type: application/x-www-form-urlencoded"));
        assert_string_equal(request.user, "u");
        assert_string_equal(request.password, "p{{w}}");
        assert_int_equal(provider_connections(provider), 3);
        assert_true(provider_limits(provider).per_second == 5 && provider_limits(provider).burst == 5);
        assert_false(provider_is_idempotent(provider, &seconds));
        provider_request_fini(&request);
        /* No value starts a header line of its own. */
        request = request_of(provider, "sms", "+3584\r\nX-Evil: 1", NULL, "x");
        for (int i = 0; i < request.header_count; i++)
                assert_null(strpbrk(request.headers[i], "\r\n"));
        provider_request_fini(&request);
        provider_free(provider);
}

#define HEAD "provider: x\nchannels: [sms]\n"
#define REQUEST "request: {url: \"https://api.example.org/m\", format: json, body: '{\"t\":\"{{text}}\"}'}\n"
#define ANSWERS "answers: [{status: 201, outcome: accepted}]\n"

static void refuses_wrong_files(void **state)
{
        static const struct {
                const char *text, *error;
        } table[] = {
            {REQUEST ANSWERS "channels: [sms]\n", "provider is missing"},
            {"provider: X Y\nchannels: [sms]\n" REQUEST ANSWERS, "p.yaml:1: provider: is no name"},
            {"provider: x\nchannels: [fax]\n" REQUEST ANSWERS,
             "p.yaml:2: channels[0]: \"fax\" is no channel"},
            {"provider: x\nchannels: []\n" REQUEST ANSWERS, "channels: is empty"},
            {HEAD ANSWERS, "request is missing"},
            {HEAD REQUEST, "answers is missing"},
            {HEAD REQUEST ANSWERS "colour: red\n", "p.yaml:5: colour: no such key"},
            {HEAD "request: {url: \"ftp://x/\", format: json, body: '{}'}\n" ANSWERS,
             "begin it with https://"},
            {HEAD "request: {url: \"http://sms.example.org/\", format: json, body: '{}'}\n" ANSWERS,
             "unencrypted"},
            {HEAD "request: {url: \"http://127.0.0.1.example.org/\", format: json, body: '{}'}\n" ANSWERS,
             "unencrypted"},
            {HEAD "request: {url: \"http://localhost@example.org/\", format: json, body: '{}'}\n" ANSWERS,
             "the host must"},
            {HEAD "request: {url: \"https://{{text}}/\", format: json, body: '{}'}\n" ANSWERS,
             "the host must"},
            {HEAD "request: {url: \"https://a/\", format: json, body: '{\"t\":{{text}}}'}\n" ANSWERS,
             "is no JSON"},
            {HEAD "request: {url: \"https://a/\", format: json, body: '{\"t\":\"{{txt}}\"}'}\n" ANSWERS,
             "txt"},
            {HEAD "request: {url: \"https://a/\", format: json, body: '{\"t\":\"{{title}}\"}'}\n" ANSWERS,
             "title"},
            {HEAD "request: {url: \"https://a/\", format: xml, body: '{}'}\n" ANSWERS, "is no format"},
            {HEAD "request: {url: \"https://a/\", body: '{}'}\n" ANSWERS, "format is missing"},
            {HEAD "request: {url: \"https://a/\"}\n" ANSWERS, "GET has no body"},
            {HEAD "request: {url: \"https://a/\", method: DELETE}\n" ANSWERS, "is no method"},
            {HEAD "request: {url: \"https://a/${NOTHING}\", method: GET}\n" ANSWERS, "${NOTHING} is not set"},
            {HEAD "request: {url: \"https://a/\", method: GET, headers: {Host: x}}\n" ANSWERS,
             "by the program itself"},
            {HEAD "request: {url: \"https://a/\", method: GET, headers: {\"A:B\": x}}\n" ANSWERS,
             "no header name"},
            {HEAD "request: {url: \"https://a/\", method: GET, auth: {bearer: a, basic: {user: a, password: "
                  "b}}}\n" ANSWERS,
             "either basic or bearer"},
            {HEAD REQUEST "answers: [{status: 201, outcome: fine}]\n", "is no outcome"},
            {HEAD REQUEST "answers: [{status: 201, outcome: rejected}]\n", "no answer means accepted"},
            {HEAD REQUEST "answers: [{status: 299-200, outcome: accepted}]\n", "is no HTTP status"},
            {HEAD REQUEST "answers: [{outcome: accepted}]\n", "fits every answer"},
            {HEAD REQUEST "answers: [{status: 201, outcome: accepted, id: id}]\n", "is no JSON pointer"},
            {HEAD REQUEST ANSWERS "rate: {per_second: 0}\n", "rate.per_second: 0 is out of range"},
            {HEAD REQUEST ANSWERS "connections: 65\n", "out of range"},
            {HEAD REQUEST ANSWERS "receipts: {id: /id, status: /s, delivered: [d]}\n",
             "signature is missing"},
            {HEAD REQUEST ANSWERS "receipts: {signature: none, id: /id, delivered: [d]}\n",
             "status is missing"},
            {HEAD REQUEST ANSWERS "receipts: {signature: none, status: /s, delivered: [d]}\n",
             "id is missing"},
            {HEAD REQUEST ANSWERS "receipts: {signature: none, id: /id, status: /s}\n",
             "delivered is missing"},
            {HEAD REQUEST ANSWERS "replies: {signature: {hmac-sha256: {secret: s}}, from: /f, text: /t}\n",
             "header is missing"},
            {HEAD REQUEST ANSWERS "replies: {signature: magic, from: /f, text: /t}\n", "is no check"},
        };
        struct provider *provider = NULL;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                struct err err = {0};

                assert_int_equal(provider_parse("p.yaml", table[i].text, strlen(table[i].text), setting, NULL,
                                                &provider, &err),
                                 ERR_INVALID);
                if (!strstr(err.text, table[i].error) || !strstr(err.text, "p.yaml:"))
                        fail_msg("\"%s\" does not say \"%s\"", err.text, table[i].error);
                assert_null(provider);
        }
}

static void reads_answers(void **state)
{
        static const struct {
                int status;
                const char *body;
                enum attempt_outcome outcome;
                const char *id, *detail;
        } table[] = {
            {201, "{\"data\":[{\"id\":5}]}", ATTEMPT_ACCEPTED, "5", "HTTP 201"},
            {201, "{\"data\":[]}", ATTEMPT_UNKNOWN, "", "HTTP 201, an answer that its file does not know"},
            {201, "not JSON", ATTEMPT_UNKNOWN, "", NULL},
            {201, "", ATTEMPT_UNKNOWN, "", NULL},
            {200, "{\"result\":\"queued\"}", ATTEMPT_ACCEPTED, "", "HTTP 200"},
            {200, "{\"result\":\"full\"}", ATTEMPT_RETRY, "", "HTTP 200"},
            {400, "{\"error\":{\"code\":21211}}", ATTEMPT_REJECTED, "", "HTTP 400, 21211"},
            /* A provider that quotes the number or the text is not quoted. */
            {400, "{\"error\":{\"code\":\"bad number +358400000010\"}}", ATTEMPT_REJECTED, "", "HTTP 400"},
            {400, "{\"error\":{\"code\":\"358400000010\"}}", ATTEMPT_REJECTED, "", "HTTP 400"},
            {500, "", ATTEMPT_RETRY, "", "HTTP 500"},
            {502, "", ATTEMPT_UNKNOWN, "", "HTTP 502"},
            {503, "", ATTEMPT_RETRY, "", "HTTP 503"},
            {429, "", ATTEMPT_RETRY, "", "HTTP 429"},
            {401, "", ATTEMPT_RETRY, "", "HTTP 401"},
            {404, "", ATTEMPT_RETRY, "", "HTTP 404"},
            {302, "", ATTEMPT_RETRY, "", "HTTP 302"},
            {422, "", ATTEMPT_REJECTED, "", "HTTP 422"},
        };
        struct provider *provider = parse(
            HEAD REQUEST "answers:\n  - {status: 201, outcome: accepted, id: /data/0/id}\n"
                         "  - {status: 200, field: /result, equals: [queued, sent], outcome: accepted}\n"
                         "  - {field: /result, equals: full, outcome: retry}\n"
                         "  - {status: [400, 409], outcome: rejected, detail: /error/code}\n"
                         "  - {status: 500, outcome: retry}\n");
        struct provider_answer answer;

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                provider_answer(provider, table[i].status, table[i].body, strlen(table[i].body), NULL,
                                &answer);
                assert_int_equal(answer.outcome, table[i].outcome);
                assert_string_equal(answer.id, table[i].id);
                if (table[i].detail)
                        assert_string_equal(answer.detail, table[i].detail);
        }
        provider_free(provider);
}

/* ---- webhooks */

static const char *headers[4][2];

static const char *find_header(void *context, const char *name)
{
        (void)context;
        for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
                if (headers[i][0] && strcasecmp(headers[i][0], name) == 0)
                        return headers[i][1];
        return NULL;
}

#define request_with(text)               \
        ((const struct webhook_request){ \
            .header = find_header, .body = (text), .length = strlen(text), .now_utc = NOW})

static int verify(const struct provider *provider, const char *name, const char *value, const char *body)
{
        struct err err = {0};

        headers[0][0] = name;
        headers[0][1] = value;
        return webhook_verify(provider, WEBHOOK_RECEIPTS, &request_with(body), &err);
}

#define RECEIPTS "  id: /id\n  status: /s\n  delivered: [D]\n"

static void checks_signatures(void **state)
{
        /* The secret, body and signature of a vendor's published example. */
        static const char right[] = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        struct provider *provider = parse(
            HEAD REQUEST ANSWERS "receipts:\n  signature: {hmac-sha256: {secret: \"${SECRET}\", header: "
                                 "X-Hub-Signature-256, prefix: sha256=}}\n" RECEIPTS);
        struct err err = {0};

        (void)state;
        memset(headers, 0, sizeof headers);
        assert_int_equal(verify(provider, "x-hub-signature-256", right, "Hello, World!"), 0);
        assert_int_equal(verify(provider, "x-hub-signature-256", right, "Hello, World"), ERR_INVALID);
        assert_int_equal(verify(provider, "x-hub-signature-256", right + 7, "Hello, World!"), ERR_INVALID);
        assert_int_equal(verify(provider, "x-hub-signature-256", "sha256=", "Hello, World!"), ERR_INVALID);
        assert_int_equal(verify(provider, "x-hub-signature-256", "", "Hello, World!"), ERR_INVALID);
        assert_int_equal(verify(provider, "x-other", right, "Hello, World!"), ERR_INVALID);
        assert_int_equal(webhook_verify(provider, WEBHOOK_REPLIES, &request_with(""), &err), ERR_NOT_FOUND);
        provider_free(provider);

        provider = parse(
            HEAD REQUEST ANSWERS
            "receipts:\n  signature: {hmac-sha1: {secret: key, header: X-S, encoding: base64}}\n" RECEIPTS);
        assert_int_equal(verify(provider, "X-S", "3nybhbi3iqa8ino29wqQcBydtNk=",
                                "The quick brown fox jumps over the lazy dog"),
                         0);
        assert_int_equal(verify(provider, "X-S", "3nybhbi3iqa8ino29wqQcBydtNK=",
                                "The quick brown fox jumps over the lazy dog"),
                         ERR_INVALID);
        provider_free(provider);

        provider = parse(
            HEAD REQUEST ANSWERS
            "receipts:\n  signature: {basic: {user: \"${USER}\", password: \"${PASSWORD}\"}}\n" RECEIPTS);
        assert_int_equal(verify(provider, "Authorization", "Basic dTpwe3t3fX0=", "x"), 0);
        assert_int_equal(verify(provider, "Authorization", "Basic dTpw", "x"), ERR_INVALID);
        assert_int_equal(verify(provider, "Authorization", "Bearer dTpwe3t3fX0=", "x"), ERR_INVALID);
        assert_int_equal(verify(provider, "X", "x", "x"), ERR_INVALID);
        provider_free(provider);
}

static void checks_timestamps(void **state)
{
        struct provider *provider =
            parse(HEAD REQUEST ANSWERS
                  "receipts:\n  signature: {hmac-sha256: {secret: key, header: X-S, timestamp: "
                  "X-T, tolerance: 2 min}}\n" RECEIPTS);
        /* HMAC-SHA256 of "1800000000.x" and of "1799999000.x" with "key". */
        static const char now[] = "02d64bdd152ca052c5ed0f9d1c0071e16462fb277b46f63bf8e1f2a8aedb59a3",
                          old[] = "aad4071767a226b314430907a2c3d6862e140f4eee1544d6f99bec32e602ccac";

        (void)state;
        memset(headers, 0, sizeof headers);
        headers[1][0] = "X-T";
        headers[1][1] = "1800000000";
        assert_int_equal(verify(provider, "X-S", now, "x"), 0);
        assert_int_equal(verify(provider, "X-S", now, "y"), ERR_INVALID);
        headers[1][1] = "1799999999"; /* not what was signed */
        assert_int_equal(verify(provider, "X-S", now, "x"), ERR_INVALID);
        headers[1][1] = "1799999000"; /* played again later */
        assert_int_equal(verify(provider, "X-S", old, "x"), ERR_INVALID);
        headers[1][0] = NULL;
        assert_int_equal(verify(provider, "X-S", now, "x"), ERR_INVALID);
        provider_free(provider);
}

struct told {
        int count;
        char text[1024];
};

static int tell_receipt(void *context, const struct receipt *receipt, struct err *err)
{
        struct told *told = context;
        size_t length = strlen(told->text);

        (void)err;
        told->count++;
        snprintf(told->text + length, sizeof told->text - length, "%s/%d/%s/%lld/%s;",
                 receipt->provider_id ?: "-", (int)receipt->message, receipt->detail ?: "-",
                 receipt->at == RECEIPT_NO_TIME ? -1LL : (long long)receipt->at,
                 receipt->status == RECEIPT_DELIVERED ? "d"
                 : receipt->status == RECEIPT_FAILED  ? "f"
                                                      : "t");
        return 0;
}

static int tell_reply(void *context, const struct webhook_reply *reply, struct err *err)
{
        struct told *told = context;

        (void)err;
        told->count++;
        snprintf(told->text, sizeof told->text, "%s: %s", reply->from, reply->text);
        return 0;
}

static void reads_receipts(void **state)
{
        struct provider *provider = parse(
            HEAD REQUEST ANSWERS
            "receipts:\n  signature: none\n  list: /results\n  id: /id\n  reference: /ref\n  status: "
            "/status/name\n"
            "  delivered: [DELIVRD, READ]\n  failed: UNDELIV\n  temporary: [ENROUTE]\n  detail: /error\n"
            "  at: /at\n");
        static const char body[] = "{\"results\":[{\"id\":\"a\",\"status\":{\"name\":\"DELIVRD\"},\"at\":"
                                   "\"2027-01-15T10:00:00.123+02:00\"},"
                                   "{\"id\":7,\"ref\":\"kapula-" UID
                                   "-42\",\"status\":{\"name\":\"UNDELIV\"},\"error\":\"EC_5\",\"at\":5},"
                                   "{\"ref\":\"kapula-ffffffffffffffff-42\",\"status\":{\"name\":\"READ\"}},"
                                   "{\"id\":\"c\",\"status\":{\"name\":\"ACCEPTD\"}},"
                                   "{\"id\":\"d\",\"status\":{\"name\":\"ENROUTE\"},\"at\":1800000000123,"
                                   "\"error\":\"to +358400000010\"}]}";
        static const char *const bad[] = {
            "",    "[]", "{}", "{\"results\":{}}", "{\"results\":[{\"id\":\"a\"}]}", "{\"results\":[1]}",
            "\xff"};
        struct told told = {0};
        struct err err = {0};

        (void)state;
        assert_int_equal(webhook_receipts(provider, UID, &request_with(body), tell_receipt, &told, &err), 0);
        assert_int_equal(told.count, 3);
        assert_string_equal(told.text, "a/0/-/1800000000/d;7/42/EC_5/5/f;d/0/-/1800000000/t;");
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(
                    webhook_receipts(provider, UID, &request_with(bad[i]), tell_receipt, &told, &err),
                    ERR_INVALID);
        assert_int_equal(webhook_replies(provider, &request_with("{}"), tell_reply, &told, &err),
                         ERR_NOT_FOUND);
        provider_free(provider);
}

static void reads_forms(void **state)
{
        struct provider *provider =
            parse(HEAD REQUEST ANSWERS
                  "receipts:\n  signature: none\n  format: form\n" RECEIPTS
                  "replies:\n  signature: none\n  format: form\n  from: /From\n  text: /Body\n");
        static const char *const bad[] = {"%", "%zz", "id=%0", "id=%00&s=D", "s=D"};
        struct told told = {0};
        struct err err = {0};

        (void)state;
        assert_int_equal(
            webhook_receipts(provider, UID, &request_with("x=&id=a%2Fb&s=D"), tell_receipt, &told, &err), 0);
        assert_string_equal(told.text, "a/b/0/-/-1/d;");
        assert_int_equal(webhook_replies(provider, &request_with("From=%2B358400000010&Body=Tied%C3%A4n+jo"),
                                         tell_reply, &told, &err),
                         0);
        assert_string_equal(told.text, "+358400000010: Tied\xc3\xa4n jo");
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                assert_int_equal(
                    webhook_receipts(provider, UID, &request_with(bad[i]), tell_receipt, &told, &err),
                    ERR_INVALID);
        provider_free(provider);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(ships_a_sandbox),     cmocka_unit_test(makes_forms),
            cmocka_unit_test(refuses_wrong_files), cmocka_unit_test(reads_answers),
            cmocka_unit_test(checks_signatures),   cmocka_unit_test(checks_timestamps),
            cmocka_unit_test(reads_receipts),      cmocka_unit_test(reads_forms),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
