#include "desk/desk.h"
#include "base/date.h"
#include "compose/escape.h"
#include "web/page_event.h"

#include <stdio.h>
#include <string.h>

int32_t desk_query_date(const struct desk *desk, enum desk_query query)
{
        int32_t date;

        return date_parse(desk->queries[query], &date) ? date : desk->date;
}

/* ---- what may be done */

int desk_covers(struct desk *desk, unsigned rights, const char *organisation)
{
        return desk_access_covers(desk->db, &desk->access, rights, organisation, NULL, desk->err);
}

int desk_opens(struct desk *desk, unsigned rights, enum desk_subject_kind kind, const char *id,
               struct desk_subject *ret_subject)
{
        struct desk_subject subject;
        int r = desk_subject_find(desk->db, kind, id, desk->today, &subject, desk->err);

        if (r > 0)
                r = desk_subject_is_open(desk->db, &desk->access, rights, &subject, NULL, desk->err);
        if (r > 0)
                *ret_subject = subject;
        return r;
}

int desk_scope(const struct desk *desk, unsigned rights, struct buf *ret_json)
{
        int r;

        buf_init(ret_json, DESK_SCOPE_MAX);
        r = desk_access_scope(&desk->access, rights, ret_json);
        return r < 0 ? err_set(desk->err, r, "desk: out of memory") : 0;
}

/* ---- forms */

int desk_event(struct desk *desk, const struct form *form, const char *type, const char *subject,
               json_t *data)
{
        const struct page_event event = {.db = desk->db,
                                         .zone = desk->zone,
                                         .now = desk->now,
                                         .source = "kapula:desk",
                                         .seed = desk->token,
                                         .at = form_value(form, "at"),
                                         .organisation = desk->granted,
                                         .type = type,
                                         .subject = subject};

        if (data && !json_object_get(data, "by"))
                json_object_set_new(data, "by", json_string(desk->session.person));
        return data ? page_event_take(&event, data, desk->err)
                    : err_set(desk->err, ERR_NOMEM, "desk: out of memory");
}

int desk_once(struct desk *desk, const struct form *form)
{
        int r = desk_form_take(desk->db, desk->now, desk->token, form_value(form, "at"), desk->err);

        if (r == 0)
                desk_refuse(desk, 409, "taken-already");
        return r;
}

int desk_refuse_text(struct desk *desk, int status, const char *text)
{
        snprintf(desk->notice_text, sizeof desk->notice_text, "%s", text);
        return status;
}

int desk_done(struct desk *desk, const char *page, const char *of, const char *done)
{
        desk->goto_page = page;
        desk->goto_done = done;
        if (page)
                snprintf(desk->of, sizeof desk->of, "%s", of ? of : "");
        return 303;
}

int desk_sign_in(struct desk *desk, const char *person, const char *how)
{
        const struct desk_audit audit = {
            .person = person, .page = "sign-in", .act = how, .kind = "", .subject = "", .status = 303};
        int r = desk_session_make(desk->db, desk->now, person, how, desk->new_token, desk->err);

        return r < 0 ? r : desk_audit_add(desk->db, desk->now, &audit, desk->err);
}

/* ---- words */

const char *desk_language(const struct desk *desk)
{
        const char *wanted = desk->asked[0]              ? desk->asked
                             : desk->session.language[0] ? desk->session.language
                             : desk->person_language[0]  ? desk->person_language
                                                         : desk->accept;

        return pages_language(desk->pages, desk->page, wanted,
                              desk->place.language ? desk->place.language : desk->accept);
}

const char *desk_word(const struct desk *desk, const char *name)
{
        const char *word = page_word(desk->pages, desk_language(desk), name);

        return word ? word : "";
}

const char *desk_word_of(const struct desk *desk, const char *prefix, const char *code)
{
        char name[PAGES_NAME_MAX_BYTES];
        const char *word;

        snprintf(name, sizeof name, "%s-%s", prefix, code);
        word = desk_word(desk, name);
        return *word ? word : code;
}

/* ---- values */

void desk_set_url(struct value *map, const char *key, const char *text)
{
        struct buf buf;

        buf_init(&buf, VALUE_TEXT_MAX_BYTES);
        escape_add(&buf, text, ESCAPE_URL);
        value_set_text(map, key, buf_text(&buf));
        buf_fini(&buf);
}

void desk_set_id(struct value *map, const char *id)
{
        value_set_text(map, "id", id);
        desk_set_url(map, "id_query", id);
}

void desk_set_day(struct value *map, const char *key, const char *day)
{
        int32_t date;

        if (date_parse(day, &date))
                value_set_date(map, key, date);
}

void desk_set_language(const struct desk *desk, struct value *map, const char *key, const char *code)
{
        char name[LOCALE_NAME_SIZE];

        if (code && *code)
                locale_name_of(code, desk_language(desk), name);
        value_set_text(map, key, code && *code ? name : NULL);
}
