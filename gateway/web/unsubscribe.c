/* /u/TOKEN: where an e-mail's List-Unsubscribe leads. GET shows a page with a button and changes nothing,
 * since scanners open every link; POST takes the address off ordinary messages, with one click (RFC 8058) or
 * by the page's button, and gives them back. */
#include "store/unsubscribe.h"
#include "base/log.h"
#include "compose/html.h"
#include "compose/pages.h"
#include "store/reply.h"
#include "web/form.h"
#include "web/linked.h"
#include "web/state.h"

#include <stdio.h>
#include <string.h>

#define PAGE "unsubscribe"
#define ZONE "UTC" /* the page has no times */

struct posted {
        struct web *web;
        struct unsubscribe unsubscribe;
        struct buf body;
        char token[REQUEST_WILDCARD_MAX];
        bool wants_back;
        int status;
};

static int render(struct web *web, struct locale_cache *locales, const char *token,
                  const struct unsubscribe *unsubscribe, struct buf *body, struct err *err)
{
        struct value *values = value_map_new();
        const char *language;
        char path[UNSUBSCRIBE_TOKEN_MAX + 4];
        struct locale *locale;
        int r;

        pthread_rwlock_rdlock(&web->pages_lock);
        language = pages_language(web->pages, PAGE, unsubscribe->language, NULL);
        snprintf(path, sizeof path, "/u/%.*s", UNSUBSCRIBE_TOKEN_MAX - 1, token);
        value_set_text(values, "path", path);
        value_set_text(values, "language", language);
        value_set_text(values, "direction", html_direction_name(html_direction(language)));
        value_set_bool(values, "is_stopped", unsubscribe->is_stopped);
        r = values ? value_error(values, err) : err_set(err, ERR_NOMEM, "web: out of memory");
        if (r == 0)
                r = locale_cache_get(locales, language, ZONE, &locale, err);
        if (r == 0)
                r = page_render(web->pages, PAGE, locale, values, body, err);
        pthread_rwlock_unlock(&web->pages_lock);
        value_free(values);
        return r;
}

/* ---- GET */

void unsubscribe_get(struct web *web, struct request *request, struct db *db)
{
        struct unsubscribe unsubscribe;
        struct err err = {0};
        struct buf body;
        int r = unsubscribe_find(db, request->wildcard, &unsubscribe, &err);

        if (r == 0) {
                missing(web, request);
                return;
        }
        buf_init(&body, PAGES_OUTPUT_MAX_BYTES);
        if (r > 0)
                r = render(web, web->page_locales, request->wildcard, &unsubscribe, &body, &err);
        if (r < 0) {
                buf_fini(&body);
                response_err(&request->response, r, &err);
                return;
        }
        response_buf(&request->response, 200, TYPE_HTML, &body);
        linked_headers(&request->response);
}

/* ---- POST */

static void posted_free(void *state)
{
        struct posted *posted = state;

        buf_fini(&posted->body);
        free(posted);
}

static int run(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct posted *posted = request->state;
        struct unsubscribe *unsubscribe = &posted->unsubscribe;
        int r = unsubscribe_find(db, posted->token, unsubscribe, err);

        posted->status = 404;
        if (r <= 0)
                return r;
        r = posted->wants_back
                ? contact_stop_clear(db, unsubscribe->channel, unsubscribe->address, err)
                : contact_stop_set(db, unsubscribe->channel, unsubscribe->address, now_utc, err);
        if (r < 0)
                return r;
        unsubscribe->is_stopped = !posted->wants_back;
        posted->status = 200;
        return render(posted->web, posted->web->writer_locales, posted->token, unsubscribe, &posted->body,
                      err);
}

static void answer(struct request *request, int result, const struct err *err)
{
        struct posted *posted = request->state;

        if (result < 0) {
                response_err(&request->response, result, err);
        } else if (posted->status == 404) {
                missing(posted->web, request);
        } else {
                response_buf(&request->response, 200, TYPE_HTML, &posted->body);
                linked_headers(&request->response);
        }
}

/* Mail servers send "List-Unsubscribe=One-Click", as a form of either kind; the page's second button sends
 * "back=1". Everything else that is posted here means the same as the click. */
static bool asks_back(struct request *request)
{
        const char *type = request_header(request, "Content-Type");
        struct form form;
        bool back;

        if (!type || !content_type_is(type, "application/x-www-form-urlencoded") ||
            form_read(buf_text(&request->body), request->body.length, &form, NULL) < 0)
                return false;
        back = strcmp(form_value(&form, "back"), "1") == 0;
        form_fini(&form);
        return back;
}

void unsubscribe_post(struct web *web, struct request *request, struct db *db)
{
        struct posted *posted = calloc(1, sizeof *posted);

        (void)db;
        if (!posted) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return;
        }
        posted->web = web;
        posted->wants_back = asks_back(request);
        memcpy(posted->token, request->wildcard, sizeof posted->token);
        buf_init(&posted->body, PAGES_OUTPUT_MAX_BYTES);
        request->state = posted;
        request->free_state = posted_free;
        request_write(request, web->options.writer, run, answer);
}
