#include "desk/frame.h"
#include "base/date.h"
#include "base/zone_keep.h"
#include "compose/html.h"
#include "desk/pages.h"
#include "store/recipient.h"
#include "web/cookie.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

/* The names of enum desk_query. */
static const char *const query_names[DESK_QUERIES] = {"day",  "from",  "kind",  "like", "month",
                                                      "name", "start", "token", "until"};

/* What is too long or no text counts as absent. */
static void copy(char *to, size_t size, const char *text)
{
        if (text && strlen(text) < size && form_is_text(text))
                memcpy(to, text, strlen(text) + 1);
}

const char *frame_cookie(const struct web *web)
{
        return strncmp(web->base_url, "https:", 6) == 0 ? "__Host-" DESK_COOKIE : DESK_COOKIE;
}

void frame_read(struct desk *desk, struct web *web, struct request *request)
{
        const char *accept = request_header(request, "Accept-Language"),
                   *lang = request_query(request, "lang");
        size_t length = accept ? strcspn(accept, ",; ") : 0;

        copy(desk->name, sizeof desk->name, request->wildcard);
        if (!desk->name[0] && request->wildcard[0])
                copy(desk->name, sizeof desk->name, "-"); /* there is none of that name either */
        copy(desk->of, sizeof desk->of, request_query(request, "of"));
        copy(desk->done, sizeof desk->done, request_query(request, "done"));
        for (int i = 0; i < DESK_QUERIES; i++)
                copy(desk->queries[i], DESK_QUERY_MAX, request_query(request, query_names[i]));
        if (length && length < sizeof desk->accept)
                memcpy(desk->accept, accept, length);
        if (lang && locale_knows(lang))
                copy(desk->asked, sizeof desk->asked, lang);
        cookie_read(request_header(request, "Cookie"), frame_cookie(web), sizeof desk->token, desk->token);
}

void frame_begin(struct desk *desk, struct web *web, struct db *db, bool is_writer, struct err *err)
{
        desk->web = web;
        desk->db = db;
        desk->err = err;
        desk->now = clock_now_utc(web->options.clock);
        desk->locales = is_writer ? web->writer_locales : web->page_locales;
        pthread_rwlock_rdlock(&web->pages_lock);
        desk->pages = web->desk_pages;
        buf_init(&desk->body, PAGES_OUTPUT_MAX_BYTES);
}

void frame_end(struct desk *desk)
{
        pthread_rwlock_unlock(&desk->web->pages_lock);
        place_fini(&desk->place);
        free(desk->person_name);
        value_free(desk->values);
        buf_fini(&desk->body);
}

/* ---- who asks */

static int set_today(struct desk *desk, const char *timezone)
{
        int seconds, r = zone_keep(timezone, &desk->zone, desk->err);

        if (r < 0)
                return r;
        zone_to_local(desk->zone, desk->now, &desk->date, &seconds);
        date_print(desk->date, desk->today);
        return 0;
}

/* What a form must bring back: only who can read the session's pages knows it. */
static int set_csrf(struct desk *desk)
{
        uint8_t hash[EVP_MAX_MD_SIZE];
        char seed[PAGE_TOKEN_MAX + 8];

        snprintf(seed, sizeof seed, "csrf %s", desk->token);
        if (EVP_Digest(seed, strlen(seed), hash, NULL, EVP_sha256(), NULL) != 1)
                return err_set(desk->err, ERR_IO, "desk: SHA-256 failed: try again");
        for (int i = 0; i < (DESK_CSRF_SIZE - 1) / 2; i++)
                snprintf(desk->csrf + 2 * i, 3, "%02x", hash[i]);
        return 0;
}

static int read_person(struct desk *desk)
{
        struct recipient_person person = {0};
        int r = recipient_person_get(desk->db, desk->session.person, desk->now, &person, desk->err);

        if (r < 0)
                return r;
        desk->person_name = TAKE(person.given);
        copy(desk->person_language, sizeof desk->person_language, person.language);
        recipient_person_fini(&person);
        return 0;
}

/* 1: somebody has signed in who has a role in force. */
static int find_person(struct desk *desk)
{
        int r = set_today(desk, WEB_ZONE);

        if (r == 0 && desk->token[0])
                r = desk_session_find(desk->db, desk->now, desk->token, &desk->session, desk->err);
        if (r > 0)
                r = desk_access_read(desk->db, desk->session.person, desk->today, &desk->access, desk->err);
        if (r == 0)
                desk->session.person[0] = '\0';
        if (r <= 0)
                return r;
        r = read_person(desk);
        if (r == 0)
                r = place_get(desk->db, desk->access.roles[0].organisation, &desk->place, desk->err);
        if (r == 0)
                r = set_today(desk, desk->place.timezone);
        if (r == 0)
                r = set_csrf(desk);
        return r < 0 ? r : 1;
}

/* ---- whether they may */

static const struct desk_page *find_page(struct desk *desk)
{
        if (!desk->name[0])
                copy(desk->name, sizeof desk->name, desk_page_start(desk->access.rights));
        return desk_page_find(desk->name);
}

static int find_subject(struct desk *desk)
{
        const struct desk_page *page = desk->table_row;
        int r;

        if (page->subject == DESK_SUBJECT_NONE)
                return 200;
        r = desk_subject_find(desk->db, page->subject, desk->of, desk->today, &desk->subject, desk->err);
        if (r > 0)
                r = desk_subject_is_open(desk->db, &desk->access, page->rights, &desk->subject,
                                         &desk->granted, desk->err);
        return r < 0 ? r : r ? 200 : 404;
}

/* The pages for whom nobody need have signed in stand beside the table. */
static const struct desk_page open_table[] = {
    {"enter", "", 0, DESK_SUBJECT_NONE, enter_show, enter_act},
    {"sign-in", "", 0, DESK_SUBJECT_NONE, sign_in_show, sign_in_act},
};

static const struct desk_page *find_open(const struct desk *desk)
{
        for (size_t i = 0; i < ARRAY_SIZE(open_table); i++)
                if (strcmp(open_table[i].name, desk->name) == 0)
                        return &open_table[i];
        return NULL;
}

int frame_admit(struct desk *desk)
{
        int r = find_person(desk);

        if (r < 0)
                return r;
        desk->page = "error"; /* until a page says better: whose words are asked for */
        desk->table_row = find_open(desk);
        if (desk->table_row)
                return 200;
        if (r == 0)
                return 303;
        desk->table_row = find_page(desk);
        if (!desk->table_row)
                return 404;
        if (desk->table_row->rights && !(desk->table_row->rights & desk->access.rights))
                return 403;
        return find_subject(desk);
}

/* ---- what stands round every page */

static void set_tabs(struct desk *desk)
{
        struct value *list = value_set_list(desk->values, "tabs");

        for (size_t i = 0; i < desk_tab_count && desk->session.person[0]; i++) {
                const struct desk_tab *tab = &desk_tab_table[i];
                struct value *map;

                if (!(tab->rights & desk->access.rights))
                        continue;
                map = value_append_map(list);
                value_set_text(map, "name", tab->name);
                value_set_text(map, "text", desk_word_of(desk, "tab", tab->name));
                value_set_bool(map, "is_current",
                               desk->table_row && strcmp(desk->table_row->tab, tab->name) == 0);
        }
}

static void set_languages(struct desk *desk, const char *language)
{
        struct value *list = value_set_list(desk->values, "languages");
        const char *each;

        for (size_t i = 0; (each = pages_language_at(desk->pages, desk->page, i)); i++) {
                struct value *map = value_append_map(list);
                const char *name = page_word(desk->pages, each, "language-name");

                value_set_text(map, "code", each);
                value_set_text(map, "name", name ? name : each);
                value_set_bool(map, "is_current", strcmp(each, language) == 0);
        }
}

/* "done-X" of ?done=X, when it is a word. */
static void set_notice(struct desk *desk)
{
        char name[DESK_PAGE_MAX + 8];
        const char *word = NULL;

        if (desk->notice_text[0]) {
                word = desk->notice_text;
        } else if (desk->notice) {
                word = desk_word(desk, desk->notice);
        } else if (desk->done[0] && !desk->form) {
                snprintf(name, sizeof name, "done-%s", desk->done);
                word = desk_word(desk, name);
        }
        if (!word || !*word)
                return;
        value_set_text(desk->values, "notice", word);
        value_set_bool(desk->values, "notice_is_good", !desk->notice_text[0] && !desk->notice);
}

/* When the form was shown, and a number by which two showings of one second differ. */
static int set_stamp(struct desk *desk)
{
        char stamp[DESK_STAMP_MAX];
        uint32_t number;

        if (RAND_bytes((unsigned char *)&number, sizeof number) != 1)
                return err_set(desk->err, ERR_IO, "desk: no random numbers: try again");
        snprintf(stamp, sizeof stamp, "%lld-%08x", (long long)desk->now, number);
        value_set_text(desk->values, "stamp", stamp);
        return 0;
}

static int set_common(struct desk *desk, const char *language)
{
        struct value *values = desk->values;
        char path[DESK_PAGE_MAX + 8];

        snprintf(path, sizeof path, "/desk/%s", desk->name);
        value_set_text(values, "language", language);
        value_set_text(values, "direction", html_direction_name(html_direction(language)));
        value_set_text(values, "path", path);
        value_set_text(values, "page_name", desk->name);
        value_set_text(values, "of", desk->of);
        desk_set_url(values, "of_query", desk->of);
        value_set_text(values, "csrf", desk->csrf);
        value_set_bool(values, "is_signed_in", desk->session.person[0]);
        value_set_text(values, "person.name", desk->person_name);
        value_set_date(values, "today", desk->date);
        if (desk->place.school)
                value_set_text(values, "school.name", desk->place.school);
        set_notice(desk);
        set_tabs(desk);
        set_languages(desk, language);
        return set_stamp(desk);
}

static int render(struct desk *desk, int status)
{
        const char *language = desk_language(desk);
        struct locale *locale;
        int r = set_common(desk, language);

        if (r == 0)
                r = value_error(desk->values, desk->err);
        if (r == 0)
                r = locale_cache_get(desk->locales, language,
                                     desk->place.timezone ? desk->place.timezone : WEB_ZONE, &locale,
                                     desk->err);
        if (r == 0)
                r = page_render(desk->pages, desk->page, locale, desk->values, &desk->body, desk->err);
        desk->status = status;
        return r;
}

static int new_values(struct desk *desk)
{
        desk->values = value_free(desk->values);
        desk->values = value_map_new();
        return desk->values ? 0 : err_set(desk->err, ERR_NOMEM, "desk: out of memory");
}

int frame_error(struct desk *desk, int status)
{
        int r = new_values(desk);

        if (r < 0)
                return r;
        desk->page = "error";
        value_set_bool(desk->values, "is_missing", status == 404);
        value_set_bool(desk->values, "is_forbidden", status == 403);
        value_set_bool(desk->values, "is_busy", status == 429);
        value_set_bool(desk->values, "is_wrong", status == 400 || status == 413 || status == 415);
        return render(desk, status);
}

int frame_show(struct desk *desk, int status)
{
        int r = new_values(desk);

        desk->page = desk->table_row->name;
        if (r == 0)
                r = desk->table_row->show ? desk->table_row->show(desk) : 404;
        if (r >= 400)
                return frame_error(desk, r);
        return r < 0 ? r : render(desk, status);
}

/* ---- forms */

static bool is_fresh(const struct desk *desk, const struct form *form)
{
        char *end;
        long long at = strtoll(form_value(form, "at"), &end, 10);

        return *end == '-' && at >= desk->now - DESK_FORM_LIFE_S && at <= desk->now + 60;
}

/* Who has not signed in has no session that another's page could make use of. */
static bool has_csrf(const struct desk *desk, const struct form *form)
{
        const char *csrf = form_value(form, "csrf");

        return !desk->session.person[0] ||
               (strlen(csrf) == strlen(desk->csrf) && CRYPTO_memcmp(csrf, desk->csrf, strlen(csrf)) == 0);
}

static int make_goto(struct desk *desk)
{
        struct buf *to = &desk->body;
        char separator = '?';

        buf_cut(to, 0);
        buf_adds(to, "/desk");
        if (!desk->goto_page || desk->goto_page[0])
                buf_addf(to, "/%s", desk->goto_page ? desk->goto_page : desk->name);
        if (desk->of[0]) {
                buf_adds(to, "?of=");
                escape_add(to, desk->of, ESCAPE_URL);
                separator = '&';
        }
        for (int i = 0; i < DESK_QUERIES && !desk->goto_page; i++)
                if (desk->queries[i][0] && i != DESK_Q_TOKEN) {
                        buf_addf(to, "%c%s=", separator, query_names[i]);
                        escape_add(to, desk->queries[i], ESCAPE_URL);
                        separator = '&';
                }
        if (desk->goto_query[0]) {
                buf_addf(to, "%c%s", separator, desk->goto_query + 1);
                separator = '&';
        }
        if (desk->goto_done)
                buf_addf(to, "%cdone=%s", separator, desk->goto_done + strlen("done-"));
        desk->status = 303;
        return buf_error(to);
}

static int go_to_sign_in(struct desk *desk)
{
        desk->of[0] = desk->goto_query[0] = '\0';
        desk->goto_page = "sign-in";
        desk->goto_done = NULL;
        return make_goto(desk);
}

static int act(struct desk *desk, const struct form *form)
{
        int r = new_values(desk);

        if (r < 0)
                return r;
        desk->page = desk->table_row->name;
        if (!has_csrf(desk, form))
                return desk_refuse(desk, 403, "form-foreign");
        if (!is_fresh(desk, form))
                return desk_refuse(desk, 409, "stale");
        return desk->table_row->act(desk, form);
}

int frame_act(struct desk *desk, const struct form *form, int refused)
{
        int status = frame_admit(desk);

        if (status == 303)
                return go_to_sign_in(desk);
        if (status == 200 && refused)
                status = refused;
        if (status == 200 && !desk->table_row->act)
                status = 404;
        if (status != 200)
                return status < 0 ? status : frame_error(desk, status);
        desk->form = form;
        status = act(desk, form);
        if (status == 200)
                return render(desk, 200);
        if (status == 303)
                return make_goto(desk);
        if (status < 0)
                return status;
        return desk->table_row->show ? frame_show(desk, status) : frame_error(desk, status);
}

/* ---- the record */

int frame_record(struct desk *desk, const char *act_name)
{
        const struct desk_audit audit = {.person = desk->session.person,
                                         .page = desk->table_row ? desk->table_row->name : "",
                                         .act = act_name,
                                         .kind = desk_subject_name(desk->subject.kind),
                                         .subject = desk->subject.id,
                                         .status = desk->status};

        return desk_audit_add(desk->db, desk->now, &audit, desk->err);
}
