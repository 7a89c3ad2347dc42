/* API tokens: of organisations where the reader answers for such things; a new one is shown once. */
#include "desk/pages.h"
#include "store/desk_admin.h"
#include "store/token.h"

#include <stdio.h>
#include <string.h>

static const char *const scopes[] = {"events:read", "events:write"}; /* clock:write is the demonstration's */

/* A token of the whole tree is the affair of who answers for the whole tree. */
static int is_open(struct desk *desk, const char *organisation)
{
        return *organisation ? desk_covers(desk, DESK_ADMIN, organisation) : admin_holds_top(desk);
}

static int add_token(void *context, const struct token *token)
{
        struct desk *desk = context;
        int r = is_open(desk, token->organisation);
        struct value *map;

        if (r <= 0 || token->revoked_utc)
                return r < 0 ? r : 0;
        map = value_append_map((struct value *)value_find(desk->values, "tokens"));
        value_set_text(map, "id", token->id);
        value_set_text(map, "name", token->name);
        value_set_text(map, "scope", token->scope);
        value_set_text(map, "organisation", *token->organisation ? token->organisation : NULL);
        value_set_text(map, "source", *token->source_prefix ? token->source_prefix : NULL);
        value_set_time(map, "created", token->created_utc);
        if (token->last_used_utc)
                value_set_time(map, "last_used", token->last_used_utc);
        return 0;
}

static int add_organisation(void *context, const char *id, const char *kind, const char *name,
                            struct err *err)
{
        struct desk *desk = context;
        struct value *map = value_append_map((struct value *)value_find(desk->values, "organisations"));
        bool is_typed = desk->form && strcmp(form_value(desk->form, "organisation"), id) == 0;

        (void)err;
        value_set_text(map, "id", id);
        value_set_text(map, "name", name);
        value_set_text(map, "kind", desk_word_of(desk, "feed-kind", kind));
        value_set_bool(map, "is_chosen", is_typed);
        return 0;
}

static int add_organisations(struct desk *desk)
{
        struct buf scope;
        int r = desk_scope(desk, DESK_ADMIN, &scope);

        value_set_list(desk->values, "organisations");
        value_set_bool(desk->values, "may_all", admin_holds_top(desk));
        if (r == 0)
                r = desk_organisation_each(desk->db, buf_text(&scope), desk->today, add_organisation, desk,
                                           desk->err);
        buf_fini(&scope);
        return r;
}

int tokens_show(struct desk *desk)
{
        static const char *const fields[] = {"name", "source"};
        char key[32];
        int r;

        value_set_list(desk->values, "tokens");
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                snprintf(key, sizeof key, "typed_%s", fields[i]);
                value_set_text(desk->values, key, desk->form ? form_value(desk->form, fields[i]) : "");
        }
        r = token_each(desk->db, add_token, desk, desk->err);
        value_set_bool(desk->values, "has_tokens", value_find(desk->values, "tokens")->first);
        return r < 0 ? r : add_organisations(desk);
}

static int create(struct desk *desk, const struct form *form)
{
        const char *organisation = form_value(form, "organisation"), *source = form_value(form, "source");
        char scope[TOKEN_SCOPE_MAX] = "", text[TOKEN_TEXT_MAX];
        struct token token;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
                if (*form_value(form, i == 0 ? "read" : "write"))
                        snprintf(scope + strlen(scope), sizeof scope - strlen(scope), "%s%s",
                                 *scope ? "," : "", scopes[i]);
        if (!*form_value(form, "name") || !*scope)
                return desk_refuse(desk, 422, "tokens-incomplete");
        r = is_open(desk, organisation);
        if (r <= 0)
                return r < 0 ? r : desk_refuse(desk, 422, "tokens-no-organisation");
        r = token_create(desk->db, desk->now, form_value(form, "name"), scope,
                         *organisation ? organisation : NULL, *source ? source : NULL, &token, text,
                         desk->err);
        if (r == ERR_USAGE || r == ERR_NOT_FOUND)
                return desk_refuse_text(desk, 422, desk->err->text);
        if (r < 0)
                return r;
        value_set_text(desk->values, "token", text);
        value_set_text(desk->values, "name", token.name);
        desk->page = "token-made";
        return 200;
}

struct looking {
        struct desk *desk;
        const char *id;
        int is_open;
};

static int look(void *context, const struct token *token)
{
        struct looking *looking = context;

        if (strcmp(token->id, looking->id) == 0)
                looking->is_open = is_open(looking->desk, token->organisation);
        return looking->is_open < 0 ? looking->is_open : 0;
}

static int revoke(struct desk *desk, const char *id)
{
        struct looking looking = {desk, id, 0};
        int r = token_each(desk->db, look, &looking, desk->err);

        if (r < 0)
                return r;
        if (!looking.is_open)
                return desk_refuse(desk, 404, "tokens-no-organisation");
        r = token_revoke(desk->db, desk->now, id, desk->err);
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-saved");
}

int tokens_act(struct desk *desk, const struct form *form)
{
        const char *act = form_value(form, "act");
        int r = desk_once(desk, form);

        if (r <= 0)
                return r < 0 ? r : 409;
        if (strcmp(act, "create") == 0)
                return create(desk, form);
        if (strcmp(act, "revoke") == 0)
                return revoke(desk, form_value(form, "token"));
        return desk_refuse(desk, 400, "form-wrong");
}
