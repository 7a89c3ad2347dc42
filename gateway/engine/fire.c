#include "engine/engine_private.h"
#include "engine/tell.h"
#include "store/match.h"
#include "store/notice.h"
#include "store/publication.h"

#include <stdio.h>
#include <string.h>

#define STEP_CODE_MAX 32

static int add_mark(void *context, int64_t mark, struct err *err)
{
        struct firing *firing = context;

        return match_add_mark(firing->db, firing->match, mark, err);
}

static bool is_code(const char *text)
{
        return strlen(text) < STEP_CODE_MAX &&
               text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static int publish(struct firing *firing, struct err *err)
{
        struct effect effect = {.kind = EFFECT_EVENT, .type = firing->rule->publish};
        const struct value *step = value_find(firing->row->facts, "step");
        const char *dot, *of = firing->subject->kind;
        char kind[64], data[128 + STEP_CODE_MAX];
        int r;

        if (!firing->rule->publish || firing->pupil_is_protected)
                return 0;
        dot = strchr(firing->rule->publish, '.');
        snprintf(kind, sizeof kind, "%.*s", (int)(dot - firing->rule->publish), firing->rule->publish);
        snprintf(data, sizeof data, "{\"rule\":\"%.100s\"}", firing->rule->name);
        if (step && step->kind == VALUE_TEXT && is_code(step->text)) {
                effect.step = step->text;
                snprintf(data, sizeof data, "{\"rule\":\"%.100s\",\"step\":\"%s\"}", firing->rule->name,
                         step->text);
        }
        r = publication_add(
            firing->db,
            &(struct publication_new){
                .tenant = firing->place.tenant,
                .kind = kind,
                .event = dot + 1,
                .about = strcmp(of, "case") == 0 || strcmp(of, "organisation") == 0 ? of : "thing",
                .subject = firing->subject->id,
                .pupil = firing->row->pupil,
                .time = firing->now,
                .data = data,
            },
            err);
        if (r == 0)
                engine_tell(firing, &effect);
        return r;
}

int fire(struct firing *firing, struct err *err)
{
        struct effect fired = {.kind = EFFECT_FIRED};
        struct telling telling;
        int64_t version;
        int r;

        r = firing_case(firing, err);
        if (r == 0)
                r = tell_open(&telling, firing, err);
        if (r < 0)
                return r;
        r = rule_version_id(firing->db, firing->rule->name, firing->rule->hash, firing->rule->text,
                            firing->now, &version, err);
        if (r == 0)
                r = match_fire(firing->db, firing->match, version, firing->row->facts_json, firing->now, err);
        if (r == 0 && firing->row->event)
                r = match_add_event(firing->db, firing->match, firing->row->event, err);
        if (r == 0)
                r = evaluate_marks(firing->rule, firing->db, firing->subject->id, firing->parameters,
                                   firing->row, firing->now, add_mark, firing, err);
        if (r == 0)
                engine_tell(firing, &fired);
        if (r == 0)
                r = tell_all(&telling, err);
        tell_close(&telling);
        return r < 0 ? r : publish(firing, err);
}

/* Those whom a step would tell: the first rank. */
static int each_person(struct firing *firing, const struct rule_notify *notify, const char *reason,
                       int (*each)(struct firing *firing, const char *person, const char *reason,
                                   struct err *err),
                       struct err *err)
{
        struct recipient_scope scope = firing_scope(firing);
        struct recipient_list list;
        int r;

        if (notify->when && !row_is_true(firing->row, notify->when))
                return 0;
        r = recipient_find(firing->db, notify->to, &scope, &list, err);
        for (int i = 0; i < list.count && r == 0; i++) {
                if (i > 0 && list.items[i].rank != list.items[0].rank)
                        break;
                r = each(firing, list.items[i].person, reason, err);
        }
        return r;
}

int suppress(struct firing *firing, const char *reason, struct err *err)
{
        int r = match_end(firing->db, firing->match, MATCH_DROPPED, reason, firing->now, err);

        if (r == 0)
                r = firing_find_case(firing, err);
        for (int i = 0; i < firing->rule->notify_count && r == 0; i++)
                r = each_person(firing, &firing->rule->notify[i], reason, firing_suppression, err);
        return r;
}

static int tell_held(struct firing *firing, const char *person, const char *reason, struct err *err)
{
        struct effect held = {.kind = EFFECT_HELD, .recipient = person, .reason = reason};

        (void)err;
        engine_tell(firing, &held);
        return 0;
}

int hold(struct firing *firing, const char *reason, struct err *err)
{
        int r = 0;

        for (int i = 0; i < firing->rule->notify_count && r == 0; i++)
                r = each_person(firing, &firing->rule->notify[i], reason, tell_held, err);
        return r;
}
