/* The agreement of a placement: read, signed with name, time and a one-time code. */
#include "web/code.h"
#include "web/work.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 200

static const char *party_of(const struct linked *linked)
{
        if (strcmp(linked->link.kind, "supervisor") == 0)
                return "workplace";
        return strcmp(linked->link.kind, "principal") == 0 ? "school" : "guardian";
}

static int64_t signed_by(const struct work_found *found, const char *party)
{
        if (strcmp(party, "workplace") == 0)
                return found->signed_workplace;
        return strcmp(party, "school") == 0 ? found->signed_school : found->signed_guardian;
}

int work_show_sign(struct linked *linked)
{
        struct work_found found;
        int r;

        linked->page = "sign";
        r = work_find(linked, &found, linked->err);
        if (r != 0)
                return r;
        value_set_bool(linked->values, "may_sign", signed_by(&found, party_of(linked)) == 0);
        return 0;
}

int work_act_sign(struct linked *linked, const struct form *form)
{
        const char *name = form_value(form, "name");
        struct work_found found;
        int r;

        name += strspn(name, " \n\t");
        r = work_find(linked, &found, linked->err);
        if (r < 0)
                return r;
        if (r == 404 || signed_by(&found, party_of(linked)))
                return linked_refuse(linked, 409, "stale");
        if (!*name || strlen(name) > NAME_MAX_BYTES || strchr(name, '\n'))
                return linked_refuse(linked, 422, "sign-name");
        if (strcmp(form_value(form, "agree"), "yes") != 0)
                return linked_refuse(linked, 422, "sign-agree");
        return code_ask(linked, "sign", found.id, json_pack("{s:s}", "name", name));
}

int work_sign(struct linked *linked, const struct form *form, const char *placement, const json_t *detail)
{
        const char *name = json_string_value(json_object_get(detail, "name"));
        struct work_found found;
        json_t *data;
        int r;

        snprintf(linked->of, sizeof linked->of, "%s", placement);
        r = work_find(linked, &found, linked->err);
        if (r < 0)
                return r;
        if (r == 404 || signed_by(&found, party_of(linked)) || !name)
                return linked_refuse(linked, 409, "stale");
        data = json_pack("{s:s,s:s,s:s,s:s}", "placement", placement, "party", party_of(linked), "by",
                         linked->link.person, "name", name);
        r = linked_event(linked, form, "agreement.signed", placement, data, linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "sign", "done-signed") : linked_refuse(linked, 409, "stale");
}

/* ---- the principal's page holds nothing else */

static const char *first(const struct linked *linked)
{
        (void)linked;
        return "sign";
}

static const struct linked_sub sub_table[] = {
    {"code", code_show, code_act},
    {"sign", work_show_sign, work_act_sign},
    {NULL, NULL, NULL},
};

const struct linked_kind linked_principal = {
    .kind = "principal", .path = 's', .subs = sub_table, .first = first};
