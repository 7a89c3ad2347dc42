/* pages: the table of the desk's pages, and what each file of desk/ adds to it. */
#ifndef DESK_PAGES_H
#define DESK_PAGES_H

#include "desk/desk.h"

/* In alphabetical order of the names; COUNT of them. What is not here does not exist. */
extern const struct desk_page desk_page_table[];
extern const size_t desk_page_count;

/* NULL when there is none. */
const struct desk_page *desk_page_find(const char *name);

/* Its form may be multipart/form-data with one file. */
bool desk_page_takes_file(const struct desk_page *page);

/* One part of the navigation: shown to who holds one of the rights. */
struct desk_tab {
        const char *name; /* of the tab and of the page it leads to */
        unsigned rights;
};
extern const struct desk_tab desk_tab_table[];
extern const size_t desk_tab_count;

/* The page at which whoever holds RIGHTS begins: the first part of the navigation that they see. */
const char *desk_page_start(unsigned rights);

/* Pages, one line a function, in alphabetical order. */
int admin_show(struct desk *desk);
int audit_show(struct desk *desk);
int case_show(struct desk *desk);
int case_act(struct desk *desk, const struct form *form);
int cases_show(struct desk *desk);
int feeds_show(struct desk *desk);
int feeds_act(struct desk *desk, const struct form *form);
int import_show(struct desk *desk);
int import_act(struct desk *desk, const struct form *form);
int language_act(struct desk *desk, const struct form *form);
int message_show(struct desk *desk);
int messages_show(struct desk *desk);
int pupil_act(struct desk *desk, const struct form *form);
int pupil_show(struct desk *desk);
int pupils_show(struct desk *desk);
int roll_show(struct desk *desk);
int roll_act(struct desk *desk, const struct form *form);
int meeting_act(struct desk *desk, const struct form *form);
int meeting_show(struct desk *desk);
int meetings_show(struct desk *desk);
int network_act(struct desk *desk, const struct form *form);
int network_show(struct desk *desk);
int placement_act(struct desk *desk, const struct form *form);
int placement_sheet_act(struct desk *desk, const struct form *form); /* an act of placement */
int placement_show(struct desk *desk);
int placements_show(struct desk *desk);
int plan_meeting_act(struct desk *desk, const struct form *form);
int plan_meeting_show(struct desk *desk);
int plan_placement_act(struct desk *desk, const struct form *form);
int plan_placement_show(struct desk *desk);
int settings_history_show(struct desk *desk);
int settings_rule_act(struct desk *desk, const struct form *form);
int settings_rule_show(struct desk *desk);
int settings_list_show(struct desk *desk);
int settings_text_act(struct desk *desk, const struct form *form);
int settings_text_show(struct desk *desk);
int settings_texts_show(struct desk *desk);
int sign_out_act(struct desk *desk, const struct form *form);
int today_show(struct desk *desk);
int today_act(struct desk *desk, const struct form *form);
int tokens_show(struct desk *desk);
int tokens_act(struct desk *desk, const struct form *form);

/* settings.c: how many changes wait for a second person, and were proposed by another than the reader. */
int settings_count_waiting(struct desk *desk, int64_t *ret_count);

/* admin.c: 1 when the reader answers for the whole tree. */
int admin_holds_top(struct desk *desk);

/* case.c: the word NAME of CONTEXT, a struct desk; those of a case stand with the pages behind links. */
const char *case_word(void *context, const char *name);

/* sign_in.c: the pages without a session; the status or negative. */
int sign_in_show(struct desk *desk);
int sign_in_act(struct desk *desk, const struct form *form);
int enter_show(struct desk *desk);
int enter_act(struct desk *desk, const struct form *form);

#endif
