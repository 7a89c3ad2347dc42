/* The link that a message carries to a page of its reader's own. */
#include "base/date.h"
#include "engine/engine_private.h"

#include <stdio.h>
#include <string.h>

#define LINK_LIFE_S (14 * 86400)
#define CERTIFICATE_LIFE_S (60 * 86400)

static const struct {
        const char *kind, *path;
} path_table[] = {{"case", "c"}, {"guardian", "r"}, {"principal", "s"}, {"pupil", "p"}, {"supervisor", "w"}};

/* A page of the meeting itself; what a meeting asks about a pupil is a guardian's. */
static bool is_invitation(const struct firing *firing)
{
        return strcmp(firing->subject->kind, "meeting") == 0 &&
               strcmp(firing->rule->name, "consent-missing") != 0;
}

/* Whoever has the case, or takes part in it. */
static bool is_of_case(const struct firing *firing, const struct rule_notify *notify)
{
        if (!firing->file.id[0] || !firing->row->pupil)
                return false;
        return strcmp(notify->to, "owner") == 0 || strcmp(notify->to, "stand-in") == 0 ||
               strcmp(notify->to, "curator") == 0 || strcmp(firing->rule->name, "case-joined") == 0;
}

/* Staff have the desk, save who signs for the school; what concerns nobody has no page. */
static const char *kind_of(const struct firing *firing, const struct rule_notify *notify,
                           const struct recipient *recipient)
{
        if (strcmp(notify->to, "principal") == 0 && strcmp(firing->rule->name, "placement-agreement") == 0)
                return "principal";
        if (is_of_case(firing, notify))
                return "case";
        if (recipient->is_staff)
                return NULL;
        if (strcmp(notify->to, "supervisor") == 0)
                return "supervisor";
        if (is_invitation(firing))
                return "guardian"; /* whoever is invited */
        if (!firing->row->pupil)
                return NULL;
        return strcmp(firing->row->pupil, recipient->person) == 0 ? "pupil" : "guardian";
}

static void fill(const struct firing *firing, const struct recipient *recipient, struct page_link *link)
{
        const struct value *day = value_find(firing->row->facts, "day");
        bool lasts = strcmp(firing->rule->name, "placement-certificate") == 0;

        snprintf(link->person, sizeof link->person, "%s", recipient->person);
        snprintf(link->pupil, sizeof link->pupil, "%s",
                 firing->row->pupil && !is_invitation(firing) ? firing->row->pupil : "");
        snprintf(link->rule, sizeof link->rule, "%s", firing->rule->name);
        snprintf(link->subject_kind, sizeof link->subject_kind, "%s", firing->subject->kind);
        snprintf(link->subject, sizeof link->subject, "%s", firing->subject->id);
        if (strcmp(link->kind, "case") == 0) {
                snprintf(link->subject_kind, sizeof link->subject_kind, "case");
                snprintf(link->subject, sizeof link->subject, "%s", firing->file.id);
        }
        if (day && day->kind == VALUE_DATE)
                date_print(day->date, link->day);
        link->expires = firing->now + (lasts ? CERTIFICATE_LIFE_S : LINK_LIFE_S);
}

/* A curator who is told of a case that somebody else has by now takes no part in it: the page would not open.
 * 1: the page opens. */
static int is_open(struct firing *firing, const char *kind, const struct recipient *recipient,
                   struct err *err)
{
        struct page_link link = {0};

        if (!kind || strcmp(kind, "case") != 0)
                return kind != NULL;
        snprintf(link.kind, sizeof link.kind, "%s", kind);
        fill(firing, recipient, &link);
        return page_link_stands(firing->db, &link, firing->now, firing->today, err);
}

int firing_link(struct firing *firing, const struct rule_notify *notify, const struct recipient *recipient,
                struct value *values, struct firing_link *ret_link, struct err *err)
{
        const char *kind = kind_of(firing, notify, recipient), *path = NULL;
        _cleanup_(free_ptr) char *base = NULL, *url = NULL;
        struct firing_link link = {0};
        int r;

        *ret_link = link;
        value_set_null(values, "link");
        r = is_open(firing, kind, recipient, err);
        if (r > 0)
                r = meta_get(firing->db, "base_url", &base, err);
        if (r < 0 || !base)
                return r < 0 ? r : value_error(values, err);
        r = page_token(firing->db, kind, recipient->person, firing->rule->name, firing->row->key, link.token,
                       err);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(path_table); i++)
                if (strcmp(path_table[i].kind, kind) == 0)
                        path = path_table[i].path;
        if (asprintf(&url, "%s/%s/%s", base, path, link.token) < 0)
                return err_set(err, ERR_NOMEM, "engine: out of memory");
        snprintf(link.row.kind, sizeof link.row.kind, "%s", kind);
        fill(firing, recipient, &link.row);
        value_set_text(values, "link", url);
        *ret_link = link;
        return value_error(values, err);
}

int firing_link_keep(struct firing *firing, const struct firing_link *link, const char *text, struct err *err)
{
        uint8_t hash[PAGE_HASH_BYTES];
        int r;

        if (!link->token[0] || !strstr(text, link->token))
                return 0;
        if (!page_token_hash(link->token, hash))
                return err_set(err, ERR_IO, "link: SHA-256 failed: try again");
        r = page_link_put(firing->db, firing->now, hash, &link->row, err);
        if (r == 0 && strcmp(link->row.kind, "supervisor") == 0 &&
            strcmp(link->row.subject_kind, "placement") == 0)
                r = page_wall_put(firing->db, firing->now, link->row.subject, err);
        return r;
}
