/* /sandbox: the far end of the demonstration, a provider that keeps what it takes and shows it. */
#include "store/sandbox.h"
#include "base/log.h"
#include "web/state.h"

#include <jansson.h>
#include <string.h>

#define LIST_MAX 500 /* messages shown */
#define PAGE_MAX_BYTES ((size_t)16 << 20)
#define KEY_MAX_BYTES 255
#define RECIPIENT_MAX_BYTES 320
#define TEXT_MAX_BYTES 65536

/* ---- POST /sandbox/messages */

struct taken {
        json_t *root;
        char *key;
        struct sandbox_message message; /* points into root and key */
        int64_t id;
};

static void taken_free(void *state)
{
        struct taken *taken = state;

        json_decref(taken->root);
        free(taken->key);
        free(taken);
}

static int take(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct taken *taken = request->state;

        return sandbox_take(db, now_utc, &taken->message, &taken->id, err);
}

static void take_answer(struct request *request, int result, const struct err *err)
{
        struct taken *taken = request->state;
        struct buf body;

        if (result < 0) {
                response_err(&request->response, result, err);
                return;
        }
        buf_init(&body, 128);
        buf_addf(&body, "{\"id\":\"sb-%lld\"}\n", (long long)taken->id);
        response_buf(&request->response, result == 1 ? 200 : 201, TYPE_JSON, &body);
}

/* The string NAME of at most MAX bytes; NULL with ERR filled when it is none. */
static const char *member(json_t *root, const char *name, size_t max, struct err *err)
{
        json_t *value = json_object_get(root, name);

        if (!json_is_string(value))
                err_set(err, ERR_INVALID, "%s: is missing: send it as a string", name);
        else if (json_string_length(value) > max)
                err_set(err, ERR_INVALID, "%s: is over %zu bytes: shorten it", name, max);
        else
                return json_string_value(value);
        return NULL;
}

static int read_message(struct request *request, struct taken *taken, struct err *err)
{
        const char *key = request_header(request, "Idempotency-Key");
        struct sandbox_message *message = &taken->message;
        json_error_t error;

        if (!key || !*key || strlen(key) > KEY_MAX_BYTES)
                return err_set(err, ERR_INVALID,
                               "idempotency-key: is missing or over %d bytes: send one a message",
                               KEY_MAX_BYTES);
        taken->root =
            json_loadb(buf_text(&request->body), request->body.length, JSON_REJECT_DUPLICATES, &error);
        if (!taken->root)
                return err_set(err, ERR_INVALID, "body: line %d: %s: send JSON", error.line, error.text);
        taken->key = strdup(key);
        if (!taken->key)
                return err_set(err, ERR_NOMEM, "sandbox: out of memory");
        message->key = taken->key;
        message->channel = member(taken->root, "channel", 16, err);
        message->recipient =
            message->channel ? member(taken->root, "recipient", RECIPIENT_MAX_BYTES, err) : NULL;
        message->text = message->recipient ? member(taken->root, "text", TEXT_MAX_BYTES, err) : NULL;
        if (!message->text)
                return ERR_INVALID;
        message->title = json_string_value(json_object_get(taken->root, "title"));
        return 0;
}

void sandbox_post(struct web *web, struct request *request, struct db *db)
{
        struct taken *taken = calloc(1, sizeof *taken);
        struct err err = {0};
        int r = taken ? 0 : ERR_NOMEM;

        (void)db;
        request->state = taken;
        request->free_state = taken_free;
        if (r == 0)
                r = read_message(request, taken, &err);
        if (r == 0) {
                request_write(request, web->options.writer, take, take_answer);
                return;
        }
        response_err(&request->response, r, &err);
        request_finish(request);
}

/* ---- GET /sandbox/messages.json */

static int add_json(void *context, const struct sandbox_message *message)
{
        struct buf *buf = context;

        buf_adds(buf, buf_text(buf)[buf->length - 1] == '[' ? "\n" : ",\n");
        buf_addf(buf, "{\"id\":\"sb-%lld\",\"key\":", (long long)message->id);
        json_add(buf, message->key);
        buf_adds(buf, ",\"channel\":");
        json_add(buf, message->channel);
        buf_adds(buf, ",\"recipient\":");
        json_add(buf, message->recipient);
        if (message->title) {
                buf_adds(buf, ",\"title\":");
                json_add(buf, message->title);
        }
        buf_adds(buf, ",\"text\":");
        json_add(buf, message->text);
        buf_addf(buf, ",\"received\":%lld}", (long long)message->received_utc);
        return buf_error(buf);
}

/* The page, or what went wrong instead. */
static void give(struct request *request, int r, const struct err *err, const char *content_type,
                 struct buf *body)
{
        if (r == 0 && !buf_error(body)) {
                response_buf(&request->response, 200, content_type, body);
                return;
        }
        log_error("web", "%s: %s", request->route->pattern, err->text[0] ? err->text : "out of memory");
        buf_fini(body);
        response_error(&request->response, 503, "sandbox: cannot be read now: try again later");
        response_header(&request->response, "Retry-After", "5");
}

void sandbox_get_json(struct web *web, struct request *request, struct db *db)
{
        struct err err = {0};
        struct buf body;
        int r;

        (void)web;
        buf_init(&body, RESPONSE_BODY_MAX);
        buf_adds(&body, "{\"messages\":[");
        r = sandbox_each(db, LIST_MAX, add_json, &body, &err);
        buf_adds(&body, "]}\n");
        give(request, r, &err, TYPE_JSON, &body);
}

/* ---- GET /sandbox */

static const struct {
        const char *language, *title, *about, *none, *newest;
} word_table[] = {
    {"fi", "Lähteneet viestit",
     "Näin viestit näkyisivät vastaanottajilla. Hiekkalaatikko ei lähetä mitään kenellekään.",
     "Viestejä ei ole vielä.", "Uusimmat ensin."},
    {"sv", "Skickade meddelanden",
     "Så här skulle mottagarna se meddelandena. Sandlådan skickar ingenting till någon.",
     "Inga meddelanden ännu.", "De nyaste först."},
    {"en", "Messages that went out", "What recipients would see. The sandbox sends nothing to anybody.",
     "No messages yet.", "The newest first."},
};

/* The messages of the page, each one's HTML kept until all are known: bubbles stand by recipient. */
struct bubble {
        int recipient; /* in sheet.recipients */
        size_t start, end;
};

struct sheet {
        struct zone *zone;
        struct buf html;
        struct bubble bubbles[LIST_MAX];
        int count;
        char *recipients[LIST_MAX];
        int recipient_count;
};

static int find_recipient(struct sheet *sheet, const char *recipient)
{
        for (int i = 0; i < sheet->recipient_count; i++)
                if (strcmp(sheet->recipients[i], recipient) == 0)
                        return i;
        sheet->recipients[sheet->recipient_count] = strdup(recipient);
        return sheet->recipients[sheet->recipient_count] ? sheet->recipient_count++ : ERR_NOMEM;
}

static int add_bubble(void *context, const struct sandbox_message *message)
{
        struct sheet *sheet = context;
        struct bubble *bubble = &sheet->bubbles[sheet->count];
        struct buf *html = &sheet->html;
        char stamp[ZONE_STAMP_MAX];

        zone_stamp(sheet->zone, message->received_utc, stamp);
        bubble->recipient = find_recipient(sheet, message->recipient);
        if (bubble->recipient < 0)
                return ERR_NOMEM;
        bubble->start = html->length;
        buf_addf(html, "<li><p class=\"when\"><time datetime=\"%s\">%.10s %.5s</time> · ", stamp, stamp,
                 stamp + 11);
        html_add(html, message->channel);
        buf_adds(html, "</p>\n");
        if (message->title) {
                buf_adds(html, "<p class=\"subject\">");
                html_add(html, message->title);
                buf_adds(html, "</p>\n");
        }
        buf_adds(html, "<p class=\"bubble\">");
        html_add(html, message->text);
        buf_adds(html, "</p></li>\n");
        bubble->end = html->length;
        sheet->count++;
        return buf_error(html);
}

static void add_sheet(struct buf *body, const struct sheet *sheet)
{
        for (int i = 0; i < sheet->recipient_count; i++) {
                buf_adds(body, "<section>\n<h2>");
                html_add(body, sheet->recipients[i]);
                buf_adds(body, "</h2>\n<ol>\n");
                for (int j = 0; j < sheet->count; j++)
                        if (sheet->bubbles[j].recipient == i)
                                buf_add(body, sheet->html.data + sheet->bubbles[j].start,
                                        sheet->bubbles[j].end - sheet->bubbles[j].start);
                buf_adds(body, "</ol>\n</section>\n");
        }
}

static struct sheet *sheet_free(struct sheet *sheet)
{
        if (!sheet)
                return NULL;
        for (int i = 0; i < sheet->recipient_count; i++)
                free(sheet->recipients[i]);
        buf_fini(&sheet->html);
        free(sheet);
        return NULL;
}

void sandbox_get(struct web *web, struct request *request, struct db *db)
{
        const char *language = page_language(request);
        struct sheet *sheet = calloc(1, sizeof *sheet);
        struct err err = {0};
        struct buf body;
        int words = 0, r = ERR_NOMEM;

        while (strcmp(word_table[words].language, language) != 0)
                words++;
        buf_init(&body, PAGE_MAX_BYTES);
        if (sheet) {
                buf_init(&sheet->html, PAGE_MAX_BYTES);
                sheet->zone = web->page_zone;
                r = sandbox_each(db, LIST_MAX, add_bubble, sheet, &err);
        }
        page_begin(&body, language, word_table[words].title);
        if (r == 0) {
                buf_addf(&body, "<p>%s %s</p>\n", word_table[words].about,
                         sheet->count ? word_table[words].newest : word_table[words].none);
                add_sheet(&body, sheet);
        }
        page_end(&body);
        give(request, r, &err, TYPE_HTML, &body);
        sheet_free(sheet);
}
