#include "desk/pages.h"

#include <string.h>

/* Keep in alphabetical order. */
const struct desk_page desk_page_table[] = {
    {"admin", "admin", DESK_ADMIN, DESK_SUBJECT_NONE, admin_show, NULL},
    {"audit", "admin", DESK_ADMIN, DESK_SUBJECT_NONE, audit_show, NULL},
    {"case", "cases", DESK_CASE, DESK_SUBJECT_CASE, case_show, case_act},
    {"cases", "cases", DESK_CASE, DESK_SUBJECT_NONE, cases_show, NULL},
    {"feeds", "admin", DESK_ADMIN, DESK_SUBJECT_NONE, feeds_show, feeds_act},
    {"import", "admin", DESK_ADMIN, DESK_SUBJECT_NONE, import_show, import_act},
    {"language", "", 0, DESK_SUBJECT_NONE, NULL, language_act},
    {"live", "today", DESK_DAY, DESK_SUBJECT_NONE, NULL, NULL},
    {"meeting", "meetings", DESK_PLAN, DESK_SUBJECT_MEETING, meeting_show, meeting_act},
    {"meetings", "meetings", DESK_PLAN, DESK_SUBJECT_NONE, meetings_show, NULL},
    {"message", "messages", DESK_LOG, DESK_SUBJECT_NONE, message_show, NULL},
    {"messages", "messages", DESK_LOG, DESK_SUBJECT_NONE, messages_show, NULL},
    {"network", "network", DESK_NETWORK, DESK_SUBJECT_NONE, network_show, network_act},
    {"placement", "placements", DESK_PLAN, DESK_SUBJECT_PLACEMENT, placement_show, placement_act},
    {"placements", "placements", DESK_PLAN, DESK_SUBJECT_NONE, placements_show, NULL},
    {"plan-meeting", "meetings", DESK_PLAN, DESK_SUBJECT_NONE, plan_meeting_show, plan_meeting_act},
    {"plan-placement", "placements", DESK_PLAN, DESK_SUBJECT_NONE, plan_placement_show, plan_placement_act},
    {"pupil", "pupils", DESK_PUPIL, DESK_SUBJECT_PUPIL, pupil_show, pupil_act},
    {"pupils", "pupils", DESK_PUPIL, DESK_SUBJECT_NONE, pupils_show, NULL},
    {"roll", "roll", DESK_DAY, DESK_SUBJECT_NONE, roll_show, roll_act},
    {"settings", "settings", DESK_SETTINGS, DESK_SUBJECT_NONE, settings_list_show, NULL},
    {"settings-history", "settings", DESK_SETTINGS, DESK_SUBJECT_ORGANISATION, settings_history_show, NULL},
    {"settings-rule", "settings", DESK_SETTINGS, DESK_SUBJECT_ORGANISATION, settings_rule_show,
     settings_rule_act},
    {"settings-text", "settings", DESK_SETTINGS, DESK_SUBJECT_ORGANISATION, settings_text_show,
     settings_text_act},
    {"settings-texts", "settings", DESK_SETTINGS, DESK_SUBJECT_ORGANISATION, settings_texts_show, NULL},
    {"sign-out", "", 0, DESK_SUBJECT_NONE, NULL, sign_out_act},
    {"today", "today", 0, DESK_SUBJECT_NONE, today_show, today_act},
    {"tokens", "admin", DESK_ADMIN, DESK_SUBJECT_NONE, tokens_show, tokens_act},
};
const size_t desk_page_count = ARRAY_SIZE(desk_page_table);

/* In the order in which they are shown. */
const struct desk_tab desk_tab_table[] = {
    {"today", ~(unsigned)(DESK_CASE | DESK_PUPIL)}, /* for who has more than their cases */
    {"roll", DESK_DAY},
    {"cases", DESK_CASE},
    {"pupils", DESK_PUPIL},
    {"placements", DESK_PLAN},
    {"meetings", DESK_PLAN},
    {"network", DESK_NETWORK},
    {"messages", DESK_LOG},
    {"settings", DESK_SETTINGS},
    {"admin", DESK_ADMIN},
};
const size_t desk_tab_count = ARRAY_SIZE(desk_tab_table);

bool desk_page_takes_file(const struct desk_page *page)
{
        return page->act == import_act;
}

const struct desk_page *desk_page_find(const char *name)
{
        for (size_t i = 0; i < desk_page_count; i++)
                if (strcmp(desk_page_table[i].name, name) == 0)
                        return &desk_page_table[i];
        return NULL;
}

const char *desk_page_start(unsigned rights)
{
        for (size_t i = 0; i < desk_tab_count; i++)
                if (desk_tab_table[i].rights & rights)
                        return desk_tab_table[i].name;
        return "today";
}
