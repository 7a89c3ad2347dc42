/* Signing in by OpenID Connect. Both routes wait for the provider, which a page of the table could not.
 *
 * The way back is a GET, by the standard, and yet it begins a session. That is safe since it does so once,
 * and only for the browser that was sent away by our own form some minutes ago: the state in the address must
 * be one that waits, the cookie must be the one that went with it, and both are used up before the provider
 * is asked. Whoever opens the address elsewhere, or again, gets the sign-in page. */
#include "desk/sign_in_openid.h"
#include "base/log.h"
#include "desk/frame.h"
#include "store/desk_openid.h"
#include "web/cookie.h"

#include <stdio.h>
#include <string.h>

#define COOKIE "kapula-openid"

/* One request, from its route to its answer. */
struct trip {
        struct openid_job job;
        struct writer_job ending; /* of the state */
        struct web *web;
        struct request *request;
        struct desk desk; /* what the request asked for, then the answer */
        const char *word; /* name of the word that says why nobody signs in; NULL: all is well */
        int status;       /* that goes with it */
        bool is_over;     /* the cookie is to be forgotten */
};

static struct trip *trip_of(struct openid_job *job)
{
        return (struct trip *)job; /* its first member */
}

static const struct desk_openid *openid_of(const struct web *web)
{
        return web->options.openid;
}

bool openid_is_on(const struct web *web)
{
        return web->desk_pages && web->options.openid;
}

static void trip_free(void *state)
{
        struct trip *trip = state;

        buf_fini(&trip->desk.body);
        free(trip);
}

/* NULL: out of memory, and the request is answered. */
static struct trip *trip_new(struct web *web, struct request *request, enum openid_step step)
{
        struct trip *trip = calloc(1, sizeof *trip);

        if (!trip) {
                response_err(&request->response, ERR_NOMEM, NULL);
                request_finish(request);
                return NULL;
        }
        trip->web = trip->desk.web = web;
        trip->request = request;
        trip->job.step = step;
        frame_read(&trip->desk, web, request);
        snprintf(trip->desk.name, sizeof trip->desk.name, "sign-in");
        snprintf(trip->job.redirect_uri, sizeof trip->job.redirect_uri, "%s/desk/openid/return",
                 web->base_url);
        request->state = trip;
        request->free_state = trip_free;
        return trip;
}

static void refuse(struct trip *trip, int status, const char *word)
{
        trip->status = status;
        trip->word = word;
}

/* What the provider or the thread that asks it said, for the reader in a word and for us in the log. */
static void take_result(struct trip *trip, int result, const struct err *err)
{
        if (result == 0)
                return;
        if (result == OPENID_UNVERIFIED)
                log_info("desk", "OpenID: nobody signed in: the claim is missing or not verified");
        else
                log_warning("desk", "%s", err->text);
        if (result == OPENID_UNVERIFIED)
                refuse(trip, 403, "openid-unverified");
        else if (result == ERR_INVALID)
                refuse(trip, 403, "openid-refused");
        else
                refuse(trip, 503, result == ERR_BUSY ? "openid-busy" : "openid-down");
}

/* ---- the cookie: with https for this very host alone, so that no neighbour can set one */

static bool is_secure(const struct web *web)
{
        return strncmp(web->base_url, "https:", 6) == 0;
}

static void give_cookie(const struct trip *trip)
{
        bool secure = is_secure(trip->web);
        char cookie[200];

        snprintf(cookie, sizeof cookie, "%s" COOKIE "=%s; Path=%s; Max-Age=%d; HttpOnly; SameSite=Lax%s",
                 secure ? "__Host-" : "", trip->is_over ? "" : trip->job.secret,
                 secure ? "/" : "/desk/openid", trip->is_over ? 0 : DESK_OPENID_LIFE_S,
                 secure ? "; Secure" : "");
        response_header(&trip->request->response, "Set-Cookie", cookie);
}

/* ---- answering, in the writer's transaction */

/* The sign-in page with a sentence above it. */
static int show_refusal(struct desk *desk, const struct trip *trip)
{
        desk->notice = trip->word;
        return frame_show(desk, trip->status);
}

/* DESK is begun, and its answer goes into the trip's. */
static int answer_with(struct trip *trip, struct db *db, struct err *err,
                       int (*make)(struct desk *desk, struct trip *trip))
{
        struct desk desk = trip->desk;
        int r;

        frame_begin(&desk, trip->web, db, true, err);
        r = frame_admit(&desk);
        if (r >= 0)
                r = trip->word ? 0 : make(&desk, trip);
        if (r == 0 && trip->word)
                r = show_refusal(&desk, trip);
        trip->desk.status = desk.status;
        trip->desk.table_row = desk.table_row;
        memcpy(trip->desk.new_token, desk.new_token, sizeof desk.new_token);
        trip->desk.body = desk.body;
        buf_init(&desk.body, 0);
        frame_end(&desk);
        return r;
}

static void respond(struct request *request, int result, const struct err *err)
{
        struct trip *trip = request->state;

        frame_respond(request, &trip->desk, result, err);
        if (trip->status == 503)
                response_header(&request->response, "Retry-After", "10");
}

/* ---- there */

static int show_leaving(struct desk *desk)
{
        value_set_text(desk->values, "openid.name", openid_of(desk->web)->name);
        value_set_text(desk->values, "url", desk->openid_url);
        return 0;
}

static const struct desk_page leaving = {"openid", "", 0, DESK_SUBJECT_NONE, show_leaving, NULL};

/* The reader's browser goes on by itself; not by 303, since a page's policy on where its forms may lead holds
 * for what they are answered with too. */
static int make_leaving(struct desk *desk, struct trip *trip)
{
        int r = desk_openid_begin(desk->db, desk->now, trip->job.state, trip->job.secret, desk->err);

        if (r == ERR_LIMIT) {
                log_warning("desk", "%s", desk->err->text);
                refuse(trip, 503, "openid-busy");
                return 0;
        }
        desk->openid_url = trip->job.url;
        desk->table_row = &leaving;
        return r < 0 ? r : frame_show(desk, 200);
}

static int run_begin(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        (void)now_utc;
        return answer_with(request->state, db, err, make_leaving);
}

static void answer_begin(struct request *request, int result, const struct err *err)
{
        struct trip *trip = request->state;
        char refresh[OPENID_URL_MAX + 16];

        respond(request, result, err);
        if (result < 0 || trip->word)
                return;
        snprintf(refresh, sizeof refresh, "0; url=%s", trip->job.url);
        response_header(&request->response, "Refresh", refresh);
        give_cookie(trip);
}

static void begun(struct openid_job *job, int result, const struct err *err)
{
        struct trip *trip = trip_of(job);

        take_result(trip, result, err);
        request_write(trip->request, trip->web->options.writer, run_begin, answer_begin);
}

void openid_begin_post(struct web *web, struct request *request, struct db *db)
{
        struct trip *trip = trip_new(web, request, OPENID_BEGIN);
        const struct desk *desk = trip ? &trip->desk : NULL;
        struct err err = {0};
        int r;

        (void)db;
        if (!trip)
                return;
        snprintf(trip->job.language, sizeof trip->job.language, "%.7s",
                 desk->asked[0] ? desk->asked : desk->accept);
        r = openid_draw(trip->job.state, &err);
        if (r == 0)
                r = openid_draw(trip->job.secret, &err);
        trip->job.done = begun;
        if (r == 0) {
                r = openid_submit(openid_of(web)->openid, &trip->job);
                if (r == 0)
                        return;
                err_set(&err, r, "OpenID: too many wait for the provider: try again");
        }
        begun(&trip->job, r, &err);
}

/* ---- and back */

static int find_person(struct desk *desk, const struct trip *trip, char ret_person[static PAGE_ID_SIZE])
{
        struct desk_access access;
        const char *value = trip->job.value;
        int r;

        if (!openid_of(trip->web)->is_person)
                return desk_person_by_email(desk->db, value, desk->today, ret_person, desk->err);
        if (strlen(value) >= PAGE_ID_SIZE)
                return 0;
        r = desk_access_read(desk->db, value, desk->today, &access, desk->err);
        if (r > 0)
                memcpy(ret_person, value, strlen(value) + 1);
        return r;
}

static int make_session(struct desk *desk, struct trip *trip)
{
        char person[PAGE_ID_SIZE];
        int r = find_person(desk, trip, person);

        if (r == 0) {
                log_info("desk", "OpenID: nobody signed in: the claim is no one member of staff's");
                refuse(trip, 403, "openid-unknown");
        }
        if (r <= 0)
                return r;
        r = desk_sign_in(desk, person, "openid");
        if (r < 0)
                return r;
        buf_adds(&desk->body, "/desk");
        desk->status = 303;
        return buf_error(&desk->body);
}

static int run_return(struct request *request, struct db *db, int64_t now_utc, struct err *err)
{
        (void)now_utc;
        return answer_with(request->state, db, err, make_session);
}

static void answer_return(struct request *request, int result, const struct err *err)
{
        const struct trip *trip = request->state;

        respond(request, result, err);
        if (trip->is_over)
                give_cookie(trip);
}

static void finished(struct openid_job *job, int result, const struct err *err)
{
        struct trip *trip = trip_of(job);

        take_result(trip, result, err);
        request_write(trip->request, trip->web->options.writer, run_return, answer_return);
}

static int run_ending(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        struct trip *trip = (struct trip *)((char *)job - offsetof(struct trip, ending));
        int r = desk_openid_end(db, now_utc, trip->job.state, trip->job.secret, err);

        if (r == 0)
                refuse(trip, 403, "openid-stale");
        return r < 0 ? r : 0;
}

/* The state is used up: now the provider may be asked. */
static void ended(struct writer_job *job, int result, const struct err *err)
{
        struct trip *trip = (struct trip *)((char *)job - offsetof(struct trip, ending));
        struct err fault = {0};
        int r = result < 0 ? result : 0;

        trip->is_over = true;
        if (r < 0)
                fault = *err;
        else if (!trip->word && !trip->job.code[0])
                refuse(trip, 403, "openid-denied");
        if (r == 0 && !trip->word) {
                r = openid_submit(openid_of(trip->web)->openid, &trip->job);
                if (r == 0)
                        return;
                err_set(&fault, r, "OpenID: too many wait for the provider: try again");
        }
        finished(&trip->job, r, &fault);
}

static bool take_query(struct request *request, const char *name, char *to, size_t size)
{
        const char *value = request_query(request, name);

        return !value || (size_t)snprintf(to, size, "%s", value) < size;
}

/* Whether the address and the cookie have the shape of ours. */
static bool read_answer(struct trip *trip)
{
        struct openid_job *job = &trip->job;
        struct request *request = trip->request;

        cookie_read(request_header(request, "Cookie"), is_secure(trip->web) ? "__Host-" COOKIE : COOKIE,
                    sizeof job->secret, job->secret);
        return take_query(request, "state", job->state, sizeof job->state) &&
               take_query(request, "iss", job->issuer, sizeof job->issuer) &&
               take_query(request, "code", job->code, sizeof job->code) && openid_is_secret(job->state) &&
               openid_is_secret(job->secret);
}

void openid_return_get(struct web *web, struct request *request, struct db *db)
{
        struct trip *trip = trip_new(web, request, OPENID_FINISH);

        (void)db;
        if (!trip)
                return;
        trip->job.done = finished;
        trip->ending = (struct writer_job){.run = run_ending, .done = ended};
        if (request->is_head || !read_answer(trip))
                refuse(trip, 403, "openid-stale");
        if (trip->word)
                finished(&trip->job, 0, NULL);
        else if (writer_submit(web->options.writer, &trip->ending) < 0) {
                refuse(trip, 503, "openid-busy");
                finished(&trip->job, 0, NULL);
        }
}
