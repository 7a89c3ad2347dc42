/* An absence reported ahead, and what has been sent. */
#include "base/date.h"
#include "store/page_home.h"
#include "web/guardian.h"

#include <stdio.h>
#include <string.h>

#define SENT_MAX 20 /* messages shown */

/* ---- reporting */

static int add_report(void *context, const struct home_report *report, struct err *err)
{
        struct linked *linked = context;
        struct value *map = value_append_map((struct value *)value_find(linked->values, "reports"));
        int32_t first, last;
        int seconds;

        (void)err;
        value_set_bool(linked->values, "has_reports", true);
        zone_to_local(linked->zone, report->starts, &first, &seconds);
        zone_to_local(linked->zone, report->ends - 1, &last, &seconds);
        value_set_date(map, "first", first);
        value_set_bool(map, "is_one", first == last);
        value_set_date(map, "last", last);
        return 0;
}

int guardian_show_report(struct linked *linked)
{
        struct value *days = value_set_list(linked->values, "days");

        linked->page = "report";
        for (int32_t i = 0; i <= GUARDIAN_REPORT_DAYS; i++) {
                struct value *map = value_append_map(days);

                value_set_date(map, "day", linked->date + i);
                value_set_bool(map, "is_today", i == 0);
                value_set_bool(map, "is_tomorrow", i == 1);
        }
        value_set_list(linked->values, "reports");
        return home_reports(linked->db, linked->link.person, linked->link.pupil, linked->now, add_report,
                            linked, linked->err);
}

int guardian_act_report(struct linked *linked, const struct form *form)
{
        static const char *const classes[] = {"health", "leave", "other"};
        const char *from = form_value(form, "from"), *until = form_value(form, "until"), *class = NULL;
        int32_t first, last;
        json_t *data;
        int r;

        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                if (strcmp(classes[i], form_value(form, "class")) == 0)
                        class = classes[i];
        if (!date_parse(from, &first) || !date_parse(until, &last) || !class)
                return linked_refuse(linked, 422, "report-choose");
        if (last < first)
                return linked_refuse(linked, 422, "report-order");
        if (first < linked->date || last > linked->date + GUARDIAN_REPORT_DAYS)
                return linked_refuse(linked, 409, "stale");
        data = json_pack("{s:s,s:s,s:s,s:s,s:s}", "pupil", linked->link.pupil, "from", from, "until", until,
                         "class", class, "by", linked->link.person);
        r = linked_event(linked, form, "absence.explained", linked->link.pupil, data, linked->err);
        if (r < 0)
                return r;
        return r ? linked_done(linked, "report", "done-reported") : linked_refuse(linked, 409, "stale");
}

/* ---- what has been sent */

static int add_message(void *context, const struct home_message *message, struct err *err)
{
        struct linked *linked = context;
        struct value *map = value_append_map((struct value *)value_find(linked->values, "messages"));
        char name[PAGES_NAME_MAX_BYTES];
        const char *why;

        (void)err;
        snprintf(name, sizeof name, "why-%.50s", message->rule);
        why = linked_word(linked, name);
        value_set_time(map, "sent", message->created);
        value_set_bool(map, "by_sms", strcmp(message->channel, "sms") == 0);
        value_set_bool(map, "is_lost",
                       strcmp(message->state, "failed") == 0 || strcmp(message->state, "rejected") == 0 ||
                           strcmp(message->state, "expired") == 0 ||
                           strcmp(message->state, "cancelled") == 0);
        value_set_text(map, "text", message->text);
        value_set_text(map, "why", *why ? why : linked_word(linked, "why-other"));
        return 0;
}

int guardian_show_sent(struct linked *linked)
{
        linked->page = "sent";
        value_set_list(linked->values, "messages");
        return home_messages(linked->db, linked->link.person, linked->link.pupil, SENT_MAX, add_message,
                             linked, linked->err);
}
