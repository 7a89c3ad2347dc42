/* Signing in: an address is asked for a link, which goes there by e-mail and is good once. What the page says
 * is the same whether the address is anybody's or not. A link is opened by a button, since mail programs open
 * every link that they see. */
#include "compose/message.h"
#include "desk/pages.h"
#include "desk/sign_in_openid.h"
#include "store/notice.h"

#include <stdio.h>
#include <string.h>

#define ADDRESS_MAX 254 /* RFC 5321 */
#define ASKED_MAX 30    /* a minute, of all who ask for links */
#define URL_MAX 512

int sign_in_show(struct desk *desk)
{
        if (openid_is_on(desk->web))
                value_set_text(desk->values, "openid.name", desk->web->options.openid->name);
        value_set_bool(desk->values, "is_sent", strcmp(desk->done, "link-sent") == 0);
        return 0;
}

/* Many who ask for links at once are one who tries addresses. */
static bool is_crowded(struct web *web)
{
        int64_t minute = clock_monotonic_ms() / 60000;
        bool over;

        pthread_mutex_lock(&web->page_mutex);
        if (web->desk_minute != minute) {
                web->desk_minute = minute;
                web->desk_asked = 0;
        }
        over = ++web->desk_asked > ASKED_MAX;
        pthread_mutex_unlock(&web->page_mutex);
        return over;
}

static int send_link(struct desk *desk, const char *person, const char *address, const char *token)
{
        const char *language = desk_language(desk);
        struct value *values = value_map_new();
        struct locale *locale;
        char url[URL_MAX];
        struct buf text;
        int r;

        buf_init(&text, COMPOSE_EMAIL_MAX_BYTES);
        if (snprintf(url, sizeof url, "%s/desk/enter?token=%s", desk->web->base_url, token) >=
            (int)sizeof url)
                r = err_set(desk->err, ERR_LIMIT, "base_url: is over %d bytes: shorten it", URL_MAX - 64);
        else
                r = values ? 0 : err_set(desk->err, ERR_NOMEM, "desk: out of memory");
        value_set_text(values, "link", url);
        if (r == 0)
                r = locale_cache_get(desk->locales, language, WEB_ZONE, &locale, desk->err);
        if (r == 0)
                r = page_text(desk->pages, "sign-in-message", locale, values, &text, desk->err);
        if (r == 0) {
                const struct new_message message = {.person = person,
                                                    .channel = "email",
                                                    .address = address,
                                                    .language = language,
                                                    .title =
                                                        page_word(desk->pages, language, "sign-in-subject"),
                                                    .text = buf_text(&text),
                                                    .urgent = true,
                                                    .deadline = desk->now + DESK_TICKET_LIFE_S};

                r = notice_message_alone(desk->db, &message, desk->now, desk->err);
        }
        buf_fini(&text);
        value_free(values);
        return r;
}

/* Whoever asks too often gets nothing more, and is told nothing else. */
static int send_to(struct desk *desk, const char *address)
{
        char person[PAGE_ID_SIZE], token[PAGE_TOKEN_MAX];
        int r = desk_person_by_email(desk->db, address, desk->today, person, desk->err);

        if (r <= 0)
                return r;
        r = desk_ticket_make(desk->db, desk->now, person, token, desk->err);
        if (r == ERR_LIMIT)
                return 0;
        return r < 0 ? r : send_link(desk, person, address, token);
}

int sign_in_act(struct desk *desk, const struct form *form)
{
        const char *address = form_value(form, "email");
        size_t length = strlen(address);
        int r;

        if (length == 0 || length > ADDRESS_MAX || !strchr(address, '@') || strpbrk(address, " \r\n\t<>,;"))
                return desk_refuse(desk, 422, "sign-in-no-address");
        if (is_crowded(desk->web))
                return desk_refuse(desk, 429, "sign-in-busy");
        r = send_to(desk, address);
        return r < 0 ? r : desk_done(desk, "sign-in", NULL, "done-link-sent");
}

/* ---- the link */

int enter_show(struct desk *desk)
{
        int r = desk_ticket_stands(desk->db, desk->now, desk_query(desk, DESK_Q_TOKEN), desk->err);

        if (r < 0)
                return r;
        value_set_bool(desk->values, "stands", r);
        value_set_text(desk->values, "token", desk_query(desk, DESK_Q_TOKEN));
        return 0;
}

int enter_act(struct desk *desk, const struct form *form)
{
        char person[PAGE_ID_SIZE];
        int r = desk_ticket_use(desk->db, desk->now, form_value(form, "token"), person, desk->err);

        if (r == 0)
                return desk_refuse(desk, 410, "sign-in-over");
        if (r > 0)
                r = desk_sign_in(desk, person, "link");
        return r < 0 ? r : desk_done(desk, "", NULL, NULL);
}

int sign_out_act(struct desk *desk, const struct form *form)
{
        int r = desk_session_end(desk->db, &desk->session, desk->err);

        (void)form;
        desk->is_over = true;
        return r < 0 ? r : desk_done(desk, "sign-in", NULL, "done-signed-out");
}

/* ---- the language of the session */

int language_act(struct desk *desk, const struct form *form)
{
        const char *language = form_value(form, "language"), *back = form_value(form, "back");
        int r;

        if (strcmp(pages_language(desk->pages, "today", language, ""), language) != 0)
                return desk_refuse(desk, 400, "form-wrong");
        r = desk_session_language(desk->db, &desk->session, language, desk->err);
        if (r < 0)
                return r;
        return desk_done(desk, desk_page_find(back) ? desk_page_find(back)->name : "", form_value(form, "of"),
                         NULL);
}
