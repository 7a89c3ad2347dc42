#include "web/linked.h"
#include "web/cookie.h"
#include "web/page_event.h"
#include "compose/html.h"
#include "compose/phone.h"
#include "base/date.h"
#include "base/log.h"
#include "store/db.h"
#include "store/page_case.h"
#include "store/role.h"
#include "web/page_memo.h"

#include <stdio.h>
#include <string.h>

static const struct linked_kind *const kind_table[] = {&linked_case,  &linked_guardian,   &linked_principal,
                                                       &linked_pupil, &linked_supervisor, &linked_wall};

static const struct linked_kind *find_kind(const char *kind, char path)
{
        for (size_t i = 0; i < ARRAY_SIZE(kind_table); i++)
                if (strcmp(kind_table[i]->kind, kind) == 0 && kind_table[i]->path == path)
                        return kind_table[i];
        return NULL;
}

void linked_headers(struct response *response)
{
        response_header(
            response, "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'");
        response_header(response, "Referrer-Policy", "no-referrer");
        response_header(response, "X-Content-Type-Options", "nosniff");
        response_header(response, "X-Robots-Tag", "noindex, nofollow");
        response_header(response, "Permissions-Policy", "camera=(), microphone=(), geolocation=()");
}

/* ---- whose page it is */

int linked_read_pupil(struct linked *linked, struct err *err)
{
        struct recipient_person pupil = {0};
        struct role_place place;
        int r;

        r = recipient_person_get(linked->db, linked->link.pupil, linked->now, &pupil, err);
        if (r < 0)
                return r;
        linked->pupil_name = TAKE(pupil.given);
        linked->pupil_is_protected = pupil.is_protected;
        recipient_person_fini(&pupil);
        r = role_of_pupil(linked->db, linked->link.pupil, linked->today, &place, err);
        if (r > 0)
                r = place_get(linked->db, place.organisation, &linked->place, err);
        if (r == 0 && linked->place.timezone)
                r = zone_keep(linked->place.timezone, &linked->zone, err);
        return r;
}

static void set_today(struct linked *linked)
{
        int seconds;

        zone_to_local(linked->zone, linked->now, &linked->date, &seconds);
        date_print(linked->date, linked->today);
}

/* The status: 200, 404 or 410; negative when it cannot be told. */
static int find_link(struct linked *linked, const struct linked_kind **ret_kind, struct err *err)
{
        int r;

        if (!page_token_hash(linked->token, linked->hash))
                return 404;
        r = page_link_find(linked->db, linked->hash, &linked->link, err);
        if (r <= 0)
                return r < 0 ? r : 404;
        *ret_kind = find_kind(linked->link.kind, linked->path);
        if (!*ret_kind)
                return 404;
        r = recipient_person_get(linked->db, linked->link.person, linked->now, &linked->person, err);
        if (r < 0)
                return r;
        if (linked->link.is_revoked || linked->link.expires <= linked->now)
                return 410; /* in the reader's language, and nothing more */
        r = zone_keep(WEB_ZONE, &linked->zone, err);
        if (r < 0)
                return r;
        set_today(linked);
        if (r == 0 && linked->link.pupil[0] && strcmp(linked->link.kind, "case") != 0)
                r = linked_read_pupil(linked, err);
        if (r < 0)
                return r;
        set_today(linked);
        r = page_link_stands(linked->db, &linked->link, linked->now, linked->today, err);
        return r < 0 ? r : r ? 200 : 410;
}

static void fini(struct linked *linked)
{
        recipient_person_fini(&linked->person);
        place_fini(&linked->place);
        free(linked->pupil_name);
        value_free(linked->values);
        buf_fini(&linked->body);
}

/* ---- the page */

const char *linked_language(const struct linked *linked, const char *page)
{
        const char *wanted = linked->asked[0]          ? linked->asked
                             : linked->person.language ? linked->person.language
                             : linked->place.language  ? linked->place.language
                                                       : linked->accept;

        return pages_language(linked->pages, page, wanted,
                              linked->place.language ? linked->place.language : linked->accept);
}

const char *linked_word(const struct linked *linked, const char *name)
{
        const char *language = linked_language(linked, linked->page);
        const char *word = page_word(linked->pages, language, name);

        return word ? word : "";
}

static void set_languages(struct linked *linked, const char *language)
{
        struct value *list = value_set_list(linked->values, "languages");
        const char *each;

        for (size_t i = 0; (each = pages_language_at(linked->pages, linked->page, i)); i++) {
                struct value *map = value_append_map(list);
                const char *name = page_word(linked->pages, each, "language-name");

                value_set_text(map, "code", each);
                value_set_text(map, "name", name ? name : each);
                value_set_text(map, "direction", html_direction_name(html_direction(each)));
                value_set_bool(map, "is_current", strcmp(each, language) == 0);
        }
}

/* TEXT as a part of an address. */
static void set_url(struct value *map, const char *key, const char *text)
{
        struct buf buf;

        buf_init(&buf, 4 * LINKED_MORE_MAX);
        escape_add(&buf, text, ESCAPE_URL);
        value_set_text(map, key, buf_text(&buf));
        buf_fini(&buf);
}

void linked_set_id(struct value *map, const char *id)
{
        value_set_text(map, "id", id);
        set_url(map, "id_query", id);
}

/* Where "back" leads. */
static const char *home_of(const struct linked *linked)
{
        static const char *const table[][2] = {
            {"case", "case"}, {"guardian", "answer"}, {"pupil", "home"}, {"supervisor", "today"}};

        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (strcmp(table[i][0], linked->link.kind) == 0)
                        return table[i][1];
        return NULL;
}

/* In a text from right to left a number keeps its own direction, and its + in front. */
static void set_phone(struct value *values, const char *phone, enum html_direction direction)
{
        char text[PHONE_TEXT_MAX_BYTES + 8], grouped[PHONE_TEXT_MAX_BYTES];

        phone_print(phone, grouped);
        snprintf(text, sizeof text, direction == HTML_RTL ? "\u2066%s\u2069" : "%s", grouped);
        value_set_text(values, "school.phone", text);
        value_set_text(values, "school.phone_link", phone);
}

/* What every page may ask for. */
static void set_common(struct linked *linked, const char *language)
{
        struct value *values = linked->values;
        char path[PAGE_TOKEN_MAX + 8], query[LOCALE_LANGUAGE_MAX_BYTES + 8] = "", stamp[24];

        snprintf(path, sizeof path, "/%c/%s", linked->path, linked->token);
        if (linked->asked[0])
                snprintf(query, sizeof query, "&lang=%s", language);
        value_set_text(values, "language", language);
        value_set_text(values, "direction", html_direction_name(html_direction(language)));
        value_set_text(values, "path", path);
        value_set_text(values, "lang_query", query);
        value_set_text(values, "asked_language", linked->asked[0] ? language : "");
        value_set_text(values, "sub", linked->sub);
        value_set_text(values, "home_sub", home_of(linked));
        if (linked->page)
                value_set_bool(value_set_map(values, "at"), linked->page,
                               true); /* not led to by its own list */
        value_set_bool(values, "is_shared", strcmp(linked->link.kind, "wall") == 0);
        value_set_text(values, "of", linked->of);
        set_url(values, "of_query", linked->of);
        snprintf(stamp, sizeof stamp, "%lld", (long long)linked->now);
        value_set_text(values, "stamp", stamp);
        if (linked->notice) {
                value_set_text(values, "notice", linked_word(linked, linked->notice));
                value_set_bool(values, "notice_is_good", strncmp(linked->notice, "done-", 5) == 0);
        }
        if (linked->person.given)
                value_set_text(values, "person.first_name", linked->person.given);
        if (linked->pupil_name)
                value_set_text(values, "pupil.first_name", linked->pupil_name);
        if (linked->place.phone && linked->place.phone[0])
                set_phone(values, linked->place.phone, html_direction(language));
        if (linked->place.school && !linked->pupil_is_protected)
                value_set_text(values, "school.name", linked->place.school);
        set_languages(linked, language);
}

static int render(struct linked *linked, int status, struct err *err)
{
        const char *language = linked_language(linked, linked->page);
        const char *zone = linked->person.timezone ? linked->person.timezone : linked->place.timezone;
        struct locale *locale;
        int r;

        set_common(linked, language);
        r = value_error(linked->values, err);
        if (r == 0)
                r = locale_cache_get(linked->locales, language, zone ? zone : WEB_ZONE, &locale, err);
        if (r == 0)
                r = page_render(linked->pages, linked->page, locale, linked->values, &linked->body, err);
        linked->status = status;
        return r;
}

static int new_values(struct linked *linked, struct err *err)
{
        linked->values = value_free(linked->values);
        linked->values = value_map_new();
        return linked->values ? 0 : err_set(err, ERR_NOMEM, "web: out of memory");
}

/* The page that says why there is none: which of its sections is shown tells the status. */
static int show_error(struct linked *linked, int status, struct err *err)
{
        int r = new_values(linked, err);

        if (r < 0)
                return r;
        linked->page = "error";
        value_set_bool(linked->values, "is_missing", status == 404);
        value_set_bool(linked->values, "is_over", status == 410);
        value_set_bool(linked->values, "is_busy", status == 429);
        value_set_bool(linked->values, "is_wrong", status == 400 || status == 413 || status == 415);
        return render(linked, status, err);
}

static const struct linked_sub *find_sub(const struct linked *linked, const struct linked_kind *kind)
{
        const char *name = linked->sub[0] ? linked->sub : kind->first(linked);

        if (!linked->link.pupil[0] && strcmp(name, "meeting") != 0) /* the others are about a pupil */
                return NULL;
        for (const struct linked_sub *sub = kind->subs; sub->name; sub++)
                if (strcmp(sub->name, name) == 0)
                        return sub;
        return NULL;
}

static int show(struct linked *linked, const struct linked_kind *kind, int status, struct err *err)
{
        const struct linked_sub *sub = find_sub(linked, kind);
        int r = new_values(linked, err);

        if (r == 0)
                r = sub ? sub->show(linked) : 404;
        if (r == 404) {
                linked->sub[0] = '\0';
                return show_error(linked, 404, err);
        }
        return r < 0 ? r : render(linked, status, err);
}

/* A word that a query may have set above a page. */
static const char *known_done(const char *done)
{
        static const char *const table[] = {"done-saved",   "done-reported", "done-answered",
                                            "done-week",    "done-signed",   "done-evaluated",
                                            "done-contact", "done-here",     "done-case"};

        for (size_t i = 0; done && i < ARRAY_SIZE(table); i++)
                if (strcmp(table[i] + 5, done) == 0)
                        return table[i];
        return NULL;
}

/* ---- guessing: a link that exists always opens; who asks for many that do not has to wait */

#define MISS_MAX 60 /* a minute */

static bool has_guessed(struct web *web)
{
        int64_t minute = clock_monotonic_ms() / 60000;
        bool over;

        pthread_mutex_lock(&web->page_mutex);
        if (web->page_minute != minute) {
                web->page_minute = minute;
                web->page_misses = 0;
        }
        over = ++web->page_misses > MISS_MAX;
        pthread_mutex_unlock(&web->page_mutex);
        return over;
}

static void begin(struct linked *linked, struct web *web, struct db *db, bool is_writer)
{
        linked->web = web;
        linked->db = db;
        linked->now = clock_now_utc(web->options.clock);
        linked->locales = is_writer ? web->writer_locales : web->page_locales;
        pthread_rwlock_rdlock(&web->pages_lock);
        linked->pages = web->pages;
        buf_init(&linked->body, PAGES_OUTPUT_MAX_BYTES);
}

static void end(struct linked *linked)
{
        pthread_rwlock_unlock(&linked->web->pages_lock);
        fini(linked);
}

/* The cookie goes back to this link alone. */
static void give_session(struct request *request, const struct linked *linked)
{
        char cookie[160];

        if (!linked->is_new_session)
                return;
        snprintf(cookie, sizeof cookie,
                 LINKED_COOKIE "=%s; Path=/c/%s; Max-Age=%d; HttpOnly; SameSite=Strict%s", linked->session,
                 linked->token, CASE_SESSION_LIFE_S,
                 strncmp(linked->web->base_url, "https:", 6) == 0 ? "; Secure" : "");
        response_header(&request->response, "Set-Cookie", cookie);
}

static void respond(struct request *request, struct linked *linked, int r, const struct err *err)
{
        if (r < 0) {
                log_error("web", "%s: %s", request->route->pattern, err->text);
                response_err(&request->response, r, err);
        } else {
                response_buf(&request->response, linked->status, TYPE_HTML, &linked->body);
        }
        give_session(request, linked);
        if (linked->status == 429)
                response_header(&request->response, "Retry-After", "60");
        linked_headers(&request->response);
}

/* What a request asks for beside the token, for as long as the connection's own texts may be gone. */
static void read_request(struct linked *linked, struct request *request)
{
        const char *accept = request_header(request, "Accept-Language");
        const char *lang = request_query(request, "lang"), *sub = request_query(request, "s");
        const char *of = request_query(request, "of");
        size_t length = accept ? strcspn(accept, ",; ") : 0;

        linked->path = request->route->pattern[1];
        if (strlen(request->wildcard) < sizeof linked->token)
                memcpy(linked->token, request->wildcard, strlen(request->wildcard) + 1);
        if (length && length < sizeof linked->accept)
                memcpy(linked->accept, accept, length);
        if (lang && strlen(lang) < sizeof linked->asked && locale_knows(lang))
                memcpy(linked->asked, lang, strlen(lang) + 1);
        if (sub && strlen(sub) < sizeof linked->sub)
                memcpy(linked->sub, sub, strlen(sub) + 1);
        if (of && strlen(of) < sizeof linked->of)
                memcpy(linked->of, of, strlen(of) + 1);
        if (linked->path == 'c')
                cookie_read(request_header(request, "Cookie"), LINKED_COOKIE, sizeof linked->session,
                            linked->session);
        linked->notice = known_done(request_query(request, "done"));
}

static int page_status(struct linked *linked, const struct linked_kind **ret_kind, struct err *err)
{
        int status = find_link(linked, ret_kind, err);

        return status == 404 && has_guessed(linked->web) ? 429 : status;
}

/* ---- GET */

#define KEY_MAX 640

/* What the I/O thread notes before the reader thread makes the page: what it makes is at least as new. */
struct waited {
        int64_t version;
};

/* Everything that the page depends on beside rows and the time. */
static bool make_key(struct request *request, char ret_key[static KEY_MAX])
{
        static const char *const queries[] = {"lang", "s", "of", "done"};
        const char *accept = request_header(request, "Accept-Language");
        int length = snprintf(ret_key, KEY_MAX, "%s%s\n%.64s", request->route->pattern, request->wildcard,
                              accept ? accept : "");

        if (request->route->pattern[1] == 'c') /* it depends on who has signed in: never kept */
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(queries) && length < KEY_MAX; i++) {
                const char *value = request_query(request, queries[i]);

                length += snprintf(ret_key + length, KEY_MAX - (size_t)length, "\n%s", value ? value : "");
        }
        return length < KEY_MAX;
}

static void give_bytes(struct request *request, struct page_bytes *bytes)
{
        response_shared(&request->response, 200, TYPE_HTML, bytes->data, bytes->length, page_bytes_unref,
                        bytes);
        linked_headers(&request->response);
}

static void show_page(struct web *web, struct request *request, struct db *db)
{
        const struct waited *waited = request->state;
        const struct linked_kind *kind = NULL;
        struct page_bytes *bytes = NULL;
        struct linked linked = {0};
        struct err err = {0};
        char key[KEY_MAX];
        int r;

        begin(&linked, web, db, false);
        linked.err = &err;
        read_request(&linked, request);
        r = page_status(&linked, &kind, &err);
        if (r == 200)
                r = show(&linked, kind, 200, &err);
        else if (r > 0)
                r = show_error(&linked, r, &err);
        if (r == 0 && linked.status == 200 && waited && make_key(request, key))
                bytes = page_memo_keep(web->page_memo, key, waited->version, linked.now, &linked.body);
        if (bytes)
                give_bytes(request, bytes);
        else
                respond(request, &linked, r, &err);
        end(&linked);
}

/* On the I/O thread: the version is read first, so that a commit in between makes what is kept old, not
 * wrong. */
static void show_kept(struct web *web, struct request *request, struct db *db)
{
        struct waited *waited = calloc(1, sizeof *waited);
        struct page_bytes *bytes;
        struct err err = {0};
        char key[KEY_MAX];

        if (!waited || db_data_version(db, &waited->version, &err) < 0 || !make_key(request, key)) {
                free(waited);
                return;
        }
        bytes = page_memo_find(web->page_memo, key, waited->version, clock_now_utc(web->options.clock));
        if (bytes) {
                free(waited);
                give_bytes(request, bytes);
                return;
        }
        request->state = waited;
        request->free_state = free;
}

void linked_get(struct web *web, struct request *request, struct db *db)
{
        if (request->is_slow)
                show_page(web, request, db);
        else
                show_kept(web, request, db);
}

/* ---- POST */

struct post {
        struct web *web;
        struct linked linked; /* what the request asked for, then the answer */
        struct form form;
        int refused; /* the status, when the form was none; 0 */
};

static void post_free(void *state)
{
        struct post *post = state;

        form_fini(&post->form);
        buf_fini(&post->linked.body);
        free(post);
}

static int make_goto(struct linked *linked)
{
        struct buf *to = &linked->body;

        buf_cut(to, 0);
        buf_addf(to, "/%c/%s", linked->path, linked->token);
        if (linked->goto_sub && linked->goto_sub[0])
                buf_addf(to, "?s=%s", linked->goto_sub);
        if (linked->goto_sub && linked->goto_sub[0] && linked->of[0]) {
                buf_adds(to, "&of=");
                escape_add(to, linked->of, ESCAPE_URL);
        }
        if (linked->goto_done)
                buf_addf(to, "%cdone=%s", strchr(buf_text(to), '?') ? '&' : '?',
                         linked->goto_done + strlen("done-"));
        if (linked->asked[0])
                buf_addf(to, "%clang=%s", strchr(buf_text(to), '?') ? '&' : '?', linked->asked);
        linked->status = 303;
        return buf_error(to);
}

/* Whether the form was shown lately, by this clock. */
static bool is_fresh(const struct linked *linked, const struct form *form)
{
        int64_t at = form_number(form, "at");

        return at >= linked->now - LINKED_FORM_LIFE_S && at <= linked->now + 60;
}

static int act(struct linked *linked, const struct form *form, int refused, struct err *err)
{
        const struct linked_kind *kind = NULL;
        const struct linked_sub *sub;
        int status = page_status(linked, &kind, err);

        if (status == 200 && refused)
                status = refused;
        if (status != 200)
                return status < 0 ? status : show_error(linked, status, err);
        linked->page = "error"; /* until the kind says better: whose words are asked for */
        linked->form = form;
        sub = find_sub(linked, kind);
        if (!sub || !sub->act)
                return show_error(linked, 404, err);
        status = new_values(linked, err);
        if (status == 0 && is_fresh(linked, form))
                status = sub->act(linked, form);
        else if (status == 0)
                status = linked_refuse(linked, 409, "stale");
        if (status == 200)
                return render(linked, 200, err);
        if (status == 303)
                return make_goto(linked);
        return status < 0 ? status : show(linked, kind, status, err);
}

static int run(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        struct post *post = request->state;
        struct linked linked = post->linked;
        int r;

        (void)now_utc;
        begin(&linked, post->web, db, true);
        linked.err = err;
        r = act(&linked, &post->form, post->refused, err);
        post->linked.status = linked.status;
        post->linked.is_new_session = linked.is_new_session;
        memcpy(post->linked.session, linked.session, sizeof linked.session);
        post->linked.web = linked.web;
        post->linked.body = linked.body;
        buf_init(&linked.body, 0);
        end(&linked);
        return r;
}

static void answer(struct request *request, int result, const struct err *err)
{
        struct post *post = request->state;
        struct linked *linked = &post->linked;

        if (result == 0 && linked->status == 303) {
                response_literal(&request->response, 303, TYPE_TEXT, "");
                response_header(&request->response, "Location", buf_text(&linked->body));
                give_session(request, linked);
                linked_headers(&request->response);
                return;
        }
        respond(request, linked, result, err);
}

void linked_post(struct web *web, struct request *request, struct db *db)
{
        struct post *post = calloc(1, sizeof *post);
        struct err err = {0};
        int r;

        (void)db;
        if (!post) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return;
        }
        post->web = web;
        request->state = post;
        request->free_state = post_free;
        read_request(&post->linked, request);
        if (!content_type_is(request_header(request, "Content-Type"), "application/x-www-form-urlencoded")) {
                post->refused = 415;
        } else {
                r = form_read(buf_text(&request->body), request->body.length, &post->form, &err);
                post->refused = r == 0 ? 0 : r == ERR_LIMIT ? 413 : 400;
        }
        request_write(request, web->options.writer, run, answer);
}

/* ---- events */

int linked_event(struct linked *linked, const struct form *form, const char *type, const char *subject,
                 json_t *data, struct err *err)
{
        const struct page_event event = {.db = linked->db,
                                         .zone = linked->zone,
                                         .now = linked->now,
                                         .source = "kapula:pages",
                                         .seed = linked->token,
                                         .at = form_value(form, "at"),
                                         .type = type,
                                         .subject = subject};
        int r = page_event_take(&event, data, err);

        return r > 0 ? 1 : r;
}
