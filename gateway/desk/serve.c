/* The desk's routes: GET on the reader thread, the record of who saw what by the writer before the answer
 * leaves; POST in the writer's transaction. */
#include "base/log.h"
#include "compose/escape.h"
#include "desk/frame.h"
#include "desk/pages.h"
#include "desk/routes.h"
#include "desk/sign_in_openid.h"

#include <stdio.h>
#include <string.h>

static void add_headers(struct response *response)
{
        response_header(response, "Content-Security-Policy",
                        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
        response_header(response, "Referrer-Policy", "same-origin");
        response_header(response, "X-Content-Type-Options", "nosniff");
        response_header(response, "X-Robots-Tag", "noindex, nofollow");
        response_header(response, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
}

/* The cookie is for the desk alone; Lax, so that the link of an e-mail and another's sign-in page lead in. */
static void give_session(struct request *request, const struct desk *desk)
{
        bool is_secure = strncmp(desk->web->base_url, "https:", 6) == 0;
        char cookie[160];

        if (!desk->new_token[0] && !desk->is_over)
                return;
        snprintf(cookie, sizeof cookie, "%s=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                 frame_cookie(desk->web), desk->new_token, is_secure ? "/" : "/desk",
                 desk->new_token[0] ? DESK_SESSION_LIFE_S : 0, is_secure ? "; Secure" : "");
        response_header(&request->response, "Set-Cookie", cookie);
}

void frame_respond(struct request *request, struct desk *desk, int r, const struct err *err)
{
        if (r < 0) {
                log_error("desk", "%s: %s", desk->table_row ? desk->table_row->name : "page", err->text);
                response_err(&request->response, r, err);
        } else if (desk->status == 303) {
                response_literal(&request->response, 303, TYPE_TEXT, "");
                response_header(&request->response, "Location", buf_text(&desk->body));
        } else {
                response_buf(&request->response, desk->status, TYPE_HTML, &desk->body);
        }
        give_session(request, desk);
        if (desk->status == 429)
                response_header(&request->response, "Retry-After", "60");
        add_headers(&request->response);
}

/* ---- GET */

/* A page whose bytes are ready and wait for the record. */
struct seen {
        struct web *web;
        struct desk_session session;
        struct desk_subject subject;
        const struct desk_page *table_row;
        struct buf body;
        int status;
};

static void seen_free(void *state)
{
        struct seen *seen = state;

        buf_fini(&seen->body);
        free(seen);
}

static int record(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct seen *seen = request->state;
        struct desk desk = {.db = db,
                            .now = now_utc,
                            .session = seen->session,
                            .subject = seen->subject,
                            .table_row = seen->table_row,
                            .status = seen->status,
                            .err = err};
        int r = frame_record(&desk, "");

        return r < 0 ? r : desk_session_touch(db, now_utc, &seen->session, err);
}

static void recorded(struct request *request, int result, const struct err *err)
{
        struct seen *seen = request->state;

        if (result < 0)
                response_err(&request->response, result, err);
        else
                response_buf(&request->response, seen->status, TYPE_HTML, &seen->body);
        add_headers(&request->response);
}

/* 1: the same was not seen just now, so the record must have it before the page leaves. */
static int needs_record(struct desk *desk)
{
        const struct desk_audit audit = {.person = desk->session.person,
                                         .page = desk->table_row ? desk->table_row->name : "",
                                         .act = "",
                                         .kind = desk_subject_name(desk->subject.kind),
                                         .subject = desk->subject.id,
                                         .status = desk->status};
        int r;

        if (!desk->session.person[0] || desk->status == 303)
                return 0;
        if (desk->session.seen < desk->now - DESK_SESSION_SEEN_S)
                return 1;
        r = desk_audit_is_known(desk->db, desk->now, &audit, desk->err);
        return r < 0 ? r : !r;
}

static int hand_to_writer(struct request *request, struct desk *desk)
{
        struct seen *seen = calloc(1, sizeof *seen);

        if (!seen)
                return err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        seen->web = desk->web;
        seen->session = desk->session;
        seen->subject = desk->subject;
        seen->table_row = desk->table_row;
        seen->status = desk->status;
        seen->body = desk->body;
        buf_init(&desk->body, 0);
        request->state = seen;
        request->free_state = seen_free;
        return 0;
}

static int show(struct desk *desk)
{
        int r = frame_admit(desk);

        if (r == 303) {
                buf_adds(&desk->body, "/desk/sign-in");
                desk->status = 303;
                return buf_error(&desk->body);
        }
        if (r == 200)
                return frame_show(desk, 200);
        return r < 0 ? r : frame_error(desk, r);
}

static void desk_get(struct web *web, struct request *request, struct db *db)
{
        struct desk desk = {0};
        struct err err = {0};
        int r, needed = 0;

        frame_read(&desk, web, request);
        frame_begin(&desk, web, db, false, &err);
        r = show(&desk);
        if (r == 0)
                r = needed = needs_record(&desk);
        if (r > 0)
                r = hand_to_writer(request, &desk);
        if (r < 0 || !needed)
                frame_respond(request, &desk, r, &err);
        frame_end(&desk);
        if (r == 0 && needed)
                request_write(request, web->options.writer, record, recorded);
        else
                request_finish(request);
}

/* ---- POST */

struct post {
        struct web *web;
        struct desk desk; /* what the request asked for, then the answer */
        struct form form;
        int refused; /* the status, when the form was none; 0 */
};

static void post_free(void *state)
{
        struct post *post = state;

        form_fini(&post->form);
        buf_fini(&post->desk.file);
        buf_fini(&post->desk.body);
        free(post);
}

/* What a page refuses stands in the record too, unless nobody has signed in. */
static int run(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct post *post = request->state;
        struct desk desk = post->desk, *answer = &post->desk;
        int r;

        (void)now_utc;
        frame_begin(&desk, post->web, db, true, err);
        r = frame_act(&desk, &post->form, post->refused);
        if (r == 0 && desk.session.person[0] && !desk.changes_nothing) {
                r = frame_record(&desk, desk.act_name                     ? desk.act_name
                                        : *form_value(&post->form, "act") ? form_value(&post->form, "act")
                                                                          : "post");
                if (r == 0)
                        r = desk_session_touch(db, desk.now, &desk.session, err);
        }
        answer->status = desk.status;
        answer->table_row = desk.table_row;
        answer->is_over = desk.is_over;
        memcpy(answer->new_token, desk.new_token, sizeof desk.new_token);
        answer->web = post->web;
        answer->body = desk.body;
        buf_init(&desk.body, 0);
        frame_end(&desk);
        return r;
}

static void answer(struct request *request, int result, const struct err *err)
{
        struct post *post = request->state;

        frame_respond(request, &post->desk, result, err);
}

/* The fields of a form with a file, as form_read takes them, and the file. */
struct parts {
        struct buf fields;
        struct buf *file;
        char name[64]; /* of the field that is being read */
};

static bool take_part(void *context, const char *name, const char *filename, const char *data, size_t offset,
                      size_t length)
{
        struct parts *parts = context;
        char text[FORM_BODY_MAX];

        if (filename)
                return buf_add(parts->file, data, length) == 0;
        if (!name || length >= sizeof text || memchr(data, '\0', length))
                return false;
        if (offset == 0) {
                buf_adds(&parts->fields, parts->fields.length ? "&" : "");
                escape_add(&parts->fields, name, ESCAPE_URL);
                buf_addc(&parts->fields, '=');
        }
        memcpy(text, data, length);
        text[length] = '\0';
        escape_add(&parts->fields, text, ESCAPE_URL);
        return !buf_error(&parts->fields);
}

/* The status to refuse with; 0: good. */
static int read_parts(struct post *post, struct request *request)
{
        struct parts parts = {.file = &post->desk.file};
        struct err err = {0};
        int r;

        buf_init(&parts.fields, FORM_BODY_MAX);
        buf_init(&post->desk.file, REQUEST_BODY_MAX);
        r = request_parts(request, take_part, &parts) ? 0 : 400;
        if (r == 0 && form_read(buf_text(&parts.fields), parts.fields.length, &post->form, &err) < 0)
                r = 400;
        buf_fini(&parts.fields);
        return r;
}

static int read_form(struct post *post, struct request *request)
{
        const char *type = request_header(request, "Content-Type");
        const struct desk_page *page = desk_page_find(post->desk.name);
        struct err err = {0};
        int r;

        if (page && desk_page_takes_file(page) && content_type_is(type, "multipart/form-data"))
                return read_parts(post, request);
        if (!content_type_is(type, "application/x-www-form-urlencoded"))
                return 415;
        r = form_read(buf_text(&request->body), request->body.length, &post->form, &err);
        return r == 0 ? 0 : r == ERR_LIMIT ? 413 : 400;
}

static void desk_post(struct web *web, struct request *request, struct db *db)
{
        struct post *post = calloc(1, sizeof *post);

        (void)db;
        if (!post) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return;
        }
        post->web = post->desk.web = web;
        request->state = post;
        request->free_state = post_free;
        frame_read(&post->desk, web, request);
        post->refused = read_form(post, request);
        request_write(request, web->options.writer, run, answer);
}

/* ---- what pages are made with */

static void give_file(struct web *web, struct request *request,
                      const char *(*file)(const struct pages *pages), const char *content_type)
{
        struct buf body;

        buf_init(&body, PAGES_FILE_MAX_BYTES);
        pthread_rwlock_rdlock(&web->pages_lock);
        buf_adds(&body, file(web->desk_pages));
        pthread_rwlock_unlock(&web->pages_lock);
        request->response.cache = "public, max-age=300";
        response_buf(&request->response, 200, content_type, &body);
        response_header(&request->response, "X-Content-Type-Options", "nosniff");
}

static void desk_script_get(struct web *web, struct request *request, struct db *db)
{
        (void)db;
        give_file(web, request, pages_script, "text/javascript; charset=utf-8");
}

static void desk_style_get(struct web *web, struct request *request, struct db *db)
{
        (void)db;
        give_file(web, request, pages_style, "text/css; charset=utf-8");
}

static bool has_desk(const struct web *web)
{
        return web->desk_pages != NULL;
}

/* Keep in alphabetical order of the patterns, but a name before the star that would take it. */
const struct route desk_routes[] = {
    {METHOD_GET, "/desk", ROUTE_SLOW_LATER, desk_get, NULL, NULL, NULL, has_desk},
    {METHOD_GET, "/desk/", ROUTE_SLOW_LATER, desk_get, NULL, NULL, NULL, has_desk},
    {METHOD_GET, "/desk.css", ROUTE_FAST, desk_style_get, NULL, NULL, NULL, has_desk},
    {METHOD_GET, "/desk.js", ROUTE_FAST, desk_script_get, NULL, NULL, NULL, has_desk},
    {METHOD_GET, "/desk/live", ROUTE_SLOW_LATER, live_get, NULL, NULL, NULL, has_desk},
    {METHOD_GET, "/desk/*", ROUTE_SLOW_LATER, desk_get, NULL, NULL, NULL, has_desk},
    {METHOD_POST, "/desk/*", ROUTE_LATER, desk_post, NULL, NULL, NULL, has_desk},
    {METHOD_POST, "/desk/openid/begin", ROUTE_LATER, openid_begin_post, NULL, NULL, NULL, openid_is_on},
    {METHOD_GET, "/desk/openid/return", ROUTE_LATER, openid_return_get, NULL, NULL, NULL, openid_is_on},
};
const size_t desk_route_count = ARRAY_SIZE(desk_routes);
