/* The acts on a change: proposing it, approving, rejecting, undoing. */
#include "desk/settings.h"

#include <string.h>

/* ---- proposing */

int settings_propose(struct desk *desk, struct setting_wish *wish)
{
        _cleanup_(setting_standing_fini) struct setting_standing standing = {0};
        enum setting_state state;
        int64_t id;
        int r = setting_standing(desk->db, &wish->key, &standing, desk->err);

        if (r < 0)
                return r;
        if (wish->seen != standing.id)
                return desk_refuse(desk, 409, "settings-stale");
        if (wish->value ? standing.value && strcmp(wish->value, standing.value) == 0 : !standing.value)
                return desk_refuse(desk, 409, "settings-same");
        wish->by = desk->session.person;
        r = setting_propose(desk->db, wish, desk->now, &id, &state, desk->err);
        if (r < 0)
                return r;
        return desk_done(desk, NULL, NULL,
                         state == SETTING_PROPOSED ? "done-settings-proposed" : "done-settings-set");
}

/* ---- deciding */

/* What deciding needs of a row. */
struct found {
        enum setting_kind kind;
        enum setting_state state;
        char organisation[ID_SIZE], item[128], part[64];
        char *value;
        bool is_mine, failed;
        const char *person;
};

static int note_found(void *context, const struct setting *row, struct err *err)
{
        struct found *found = context;

        (void)err;
        found->kind = row->key.kind;
        found->state = row->state;
        found->is_mine = strcmp(row->proposed_by, found->person) == 0;
        found->value = row->value ? strdup(row->value) : NULL;
        snprintf(found->organisation, sizeof found->organisation, "%s", row->key.organisation);
        snprintf(found->item, sizeof found->item, "%s", row->key.item);
        snprintf(found->part, sizeof found->part, "%s", row->key.part);
        return !row->value || found->value ? 0 : err_set(err, ERR_NOMEM, "desk: out of memory");
}

static int check_text(struct desk *desk, const struct found *found)
{
        struct setting_text text = {.template = found->item, .text = found->value};
        struct setting_report report;
        char language[LOCALE_LANGUAGE_MAX_BYTES] = "";
        const char *slash = strchr(found->part, '/');
        struct err fault = {0};
        int r;

        if (!slash || (size_t)(slash - found->part) >= sizeof language)
                return 0;
        memcpy(language, found->part, (size_t)(slash - found->part));
        text.language = language;
        text.kind = strcmp(slash + 1, "sms") == 0 ? CATALOGUE_SMS : CATALOGUE_EMAIL;
        r = setting_try_text(desk->web->book, desk->web->texts, &text, &report, &fault);
        if (r == ERR_NOMEM)
                err_set(desk->err, r, "desk: out of memory");
        else
                r = r == 0 && !report.fault_count;
        setting_report_fini(&report);
        return r;
}

/* Rules may have changed since it was proposed. 1: the value is still one. */
static int still_checks(struct desk *desk, const struct found *found)
{
        struct err fault;

        if (!found->value)
                return 1;
        if (found->kind == SETTING_TEXT)
                return check_text(desk, found);
        return setting_check_parameter(desk->web->book, found->item, found->part, found->value, &fault) == 0;
}

static int approve(struct desk *desk, int64_t id, const struct found *found)
{
        int r = still_checks(desk, found);

        if (r < 0)
                return r;
        if (r == 0)
                return desk_refuse(desk, 409, "settings-no-more");
        if (found->is_mine)
                return desk_refuse(desk, 403, "settings-own-proposal");
        r = setting_approve(desk->db, id, desk->session.person, desk->now, desk->err);
        if (r == ERR_CONFLICT)
                return desk_refuse(desk, 409, "settings-moved");
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-settings-approved");
}

static int undo(struct desk *desk, int64_t id)
{
        int64_t back;
        int r = setting_undo(desk->db, id, desk->session.person, desk->now, &back, desk->err);

        if (r == ERR_CONFLICT)
                return desk_refuse(desk, 409, "settings-moved");
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-settings-undone");
}

static int decide(struct desk *desk, const char *act, int64_t id, const struct found *found)
{
        const bool is_undo = strcmp(act, "undo") == 0;
        int r;

        if (found->state != (is_undo ? SETTING_IN_FORCE : SETTING_PROPOSED))
                return desk_refuse(desk, 409, "settings-over");
        if (is_undo)
                return undo(desk, id);
        if (strcmp(act, "approve") == 0)
                return approve(desk, id, found);
        r = setting_reject(desk->db, id, desk->session.person, desk->now, desk->err);
        return r < 0 ? r : desk_done(desk, NULL, NULL, "done-settings-rejected");
}

/* An id of another organisation's is as good as none. */
int settings_decide(struct desk *desk, const struct form *form, enum setting_kind kind)
{
        const char *act = form_value(form, "act");
        const int64_t id = form_number(form, "id");
        struct found found = {.person = desk->session.person};
        int r;

        if (strcmp(act, "approve") != 0 && strcmp(act, "reject") != 0 && strcmp(act, "undo") != 0)
                return desk_refuse(desk, 400, "form-wrong");
        r = setting_get(desk->db, id, note_found, &found, desk->err);
        if (r > 0)
                r = found.kind == kind ? desk_covers(desk, DESK_SETTINGS, found.organisation) : 0;
        if (r == 0)
                r = desk_refuse(desk, 404, "settings-none");
        else if (r > 0)
                r = decide(desk, act, id, &found);
        free(found.value);
        return r;
}
