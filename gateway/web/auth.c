/* Who may ask: the Bearer token and its scope, how many of its requests run at once, and what a route takes
 * and gives. */
#include "store/token.h"
#include "web/state.h"

#include <string.h>
#include <strings.h>

#define IN_FLIGHT_MAX 256

static const char challenge[] = "Bearer realm=\"kapula\"";

static bool refuse_token(struct request *request, const char *why)
{
        response_error(&request->response, 401,
                       "authorization: %s: send Authorization: Bearer with a token of kapula tokens", why);
        response_header(&request->response, "WWW-Authenticate", challenge);
        return false;
}

static bool refuse_scope(struct request *request)
{
        response_error(&request->response, 403, "token: lacks the scope %s: make one that has it",
                       request->route->scope);
        response_header(&request->response, "WWW-Authenticate",
                        "Bearer realm=\"kapula\", error=\"insufficient_scope\"");
        return false;
}

static bool read_token(struct request *request, struct db *db)
{
        const char *value = request_header(request, "Authorization");
        struct err err = {0};
        int r;

        if (!value)
                return refuse_token(request, "is missing");
        if (strncasecmp(value, "Bearer ", 7) != 0)
                return refuse_token(request, "is no Bearer token");
        value += 7;
        value += strspn(value, " ");
        r = token_find(db, value, &request->token, &err);
        if (r == ERR_NOT_FOUND)
                return refuse_token(request, "its token is unknown or revoked");
        if (r < 0)
                response_err(&request->response, r, &err);
        return r == 0;
}

/* The entry of a token, made when it is new; NULL when too many tokens are in use at once. */
static struct usage *find_usage(struct web *web, const char *id)
{
        struct usage *unused = NULL;

        for (struct usage *usage = web->usage; usage < web->usage + web->usage_count; usage++) {
                if (strcmp(usage->id, id) == 0)
                        return usage;
                if (!usage->in_flight)
                        unused = usage;
        }
        if (web->usage_count < TOKEN_USAGE_MAX)
                unused = &web->usage[web->usage_count++];
        if (unused) {
                *unused = (struct usage){0};
                memcpy(unused->id, id, strlen(id) + 1);
        }
        return unused;
}

static bool count_usage(struct web *web, struct request *request)
{
        unsigned max = web->options.token_in_flight_max ? web->options.token_in_flight_max : IN_FLIGHT_MAX;
        struct usage *usage = find_usage(web, request->token.id);

        if (!usage || usage->in_flight >= max) {
                response_error(&request->response, 429,
                               "token: over %u requests at once: wait for their answers", max);
                response_header(&request->response, "Retry-After", "1");
                return false;
        }
        usage->in_flight++;
        request->usage = usage;
        return true;
}

struct note {
        struct writer_job job;
        char id[TOKEN_ID_MAX];
};

static int note_runs(struct writer_job *job, struct db *db, int64_t now_utc, struct err *err)
{
        return token_used(db, now_utc, ((struct note *)job)->id, err);
}

static void note_done(struct writer_job *job, int result, const struct err *err)
{
        (void)result;
        (void)err;
        free(job);
}

/* Nobody waits for this write, and one that gets lost is made good by a later use. */
static void note_use(struct web *web, struct request *request)
{
        int64_t now_utc = clock_now_utc(web->options.clock);
        struct note *note;

        if (now_utc - request->token.last_used_utc < TOKEN_USE_STEP_S ||
            now_utc - request->usage->noted_utc < TOKEN_USE_STEP_S)
                return;
        note = calloc(1, sizeof *note);
        if (!note)
                return;
        request->usage->noted_utc = now_utc;
        note->job = (struct writer_job){.run = note_runs, .done = note_done};
        memcpy(note->id, request->token.id, sizeof note->id);
        if (writer_submit(web->options.writer, &note->job) < 0)
                free(note);
}

static bool check_media_type(struct request *request)
{
        const char *type = request_header(request, "Content-Type");

        for (const char *const *each = request->route->media_types; *each; each++)
                if (content_type_is(type, *each))
                        return true;
        response_error(&request->response, 415, "content-type: is not taken here: send %s",
                       request->route->media_types[0]);
        response_header(&request->response, "Accept", request->route->media_types[0]);
        return false;
}

bool auth_admit(struct web *web, struct request *request, struct db *db)
{
        const struct route *route = request->route;

        if (route->scope) {
                if (!read_token(request, db))
                        return false;
                if (!token_has_scope(&request->token, route->scope))
                        return refuse_scope(request);
                if (!count_usage(web, request))
                        return false;
                note_use(web, request);
        }
        if (route->media_types && !check_media_type(request))
                return false;
        if (route->produces && !accept_takes(request_header(request, "Accept"), route->produces)) {
                response_error(&request->response, 406, "accept: this address gives %s: ask for it",
                               route->produces);
                return false;
        }
        return true;
}

void auth_ended(struct web *web, struct request *request)
{
        (void)web;
        if (request->usage)
                request->usage->in_flight--;
}
